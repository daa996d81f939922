/** Claim: a `.heapprofile` is a tree whose sizes add up to what is live, with a sample for each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE, MISCHIEF, PLAIN, WHOLE } from '../test/fake-records.ts';
import { heapProfile } from './heap-profile.ts';
import { profileOf, type Records } from './profile.ts';
import { list, number, numbers, record, texts, type Reader } from './readers.ts';

interface Node { callFrame: { functionName: string; url: string; scriptId: string; lineNumber: number; columnNumber: number }; selfSize: number; id: number; children: Node[] }
const node: Reader<Node> = (value, at) => record<Node>({
  callFrame: record<Node['callFrame']>({ ...texts('functionName', 'url', 'scriptId'), ...numbers('lineNumber', 'columnNumber') }), selfSize: number, id: number, children: list(node),
})(value, at);
interface File { head: Node; samples: { size: number; nodeId: number; ordinal: number }[] }
const read = (records: Records): File => record<File>({ head: node, samples: list(record<File['samples'][number]>(numbers('size', 'nodeId', 'ordinal'))) })(JSON.parse(heapProfile(profileOf(records))), 'file');
const all = (of: Node): Node[] => [of, ...of.children.flatMap(all)];

test('sizes and samples add up to what is live', () => {
  for (const [records, bytes] of [[WHOLE, LIVE.bytes], [PLAIN, 80_512], [MISCHIEF, LIVE.bytes]] as const) {
    const { head, samples } = read(records);
    const nodes = all(head);
    assert.equal(nodes.reduce((sum, { selfSize }) => sum + selfSize, 0), bytes);
    assert.equal(samples.reduce((sum, { size }) => sum + size, 0), bytes);
    assert.equal(new Set(nodes.map(({ id }) => id)).size, nodes.length);
    assert.ok(samples.every(({ nodeId, size }) => size > 0 && nodes.find(({ id }) => id === nodeId)?.selfSize === size));
  }
});

test('calls are under their callers, once', () => {
  const { head } = read(WHOLE);
  const down = (from: Node | undefined, name: string): Node | undefined => from?.children.find(({ callFrame }) => callFrame.functionName === name);
  const push = ['[import]', '[csv]', 'workbench_open', 'demo::workbench::Workbench::open', 'demo::csv::read', 'demo::csv::Column::push'].reduce<Node | undefined>(down, head);
  assert.deepEqual(push?.callFrame, { functionName: 'demo::csv::Column::push', scriptId: '0', url: 'src/csv.rs', lineNumber: 87, columnNumber: 12 });
  assert.equal(push.selfSize, 6_291_456);
  assert.deepEqual(head.children.map(({ callFrame }) => callFrame.functionName).sort(), ['+0x7a0', '[import]', '[preview]', '[worker]', 'not sampled', 'workbench_open']);
  assert.deepEqual(down(head, '+0x7a0')?.callFrame, { functionName: '+0x7a0', scriptId: '0', url: 'demo.wasm', lineNumber: 0, columnNumber: 0x7a0 });
});
