/** Claim: a heap snapshot has the whole memory once, to the byte, with ids that stay, and says what it grouped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentRow } from '../model/records.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { PLAIN } from '../test/fake-records.ts';
import { heapOf, LIVE_IN_SEGMENTS, SEGMENTS, SPAN } from '../test/fake-segments.ts';
import { heapSnapshot } from './heap-snapshot.ts';
import { treeOf, type HeapNode } from './heap-tree.ts';
import { list, number, text, record } from './readers.ts';

const all = (of: HeapNode): HeapNode[] => [of, ...of.children.flatMap(all)];
const bytesOf = (nodes: readonly HeapNode[]): number => nodes.reduce((sum, { bytes }) => sum + bytes, 0);

test('sizes add up to the memory, and those of what is live to that', () => {
  const { root, objects, grouped } = treeOf(heapOf(SEGMENTS));
  const nodes = all(root);
  assert.equal(bytesOf(nodes), 3 * 65_536);
  assert.equal(bytesOf(nodes.filter(({ live }) => live)), LIVE_IN_SEGMENTS);
  assert.deepEqual([objects, grouped], [5, 0]);
  const names = (node: HeapNode, depth = 0): string[] => [`${'  '.repeat(depth)}${node.name} ${node.bytes}`, ...node.children.flatMap((child) => names(child, depth + 1))];
  assert.deepEqual(names(root), [
    'memory 0', '  heap 0', '    segments 0', '      segment of 4 KiB 4096', '      large segment 12288', '    free in the arena 0', '      free in the arena 94208', '    in magazines 0',
    '      in magazines 4096', '    metadata 0', '      metadata 8192', '    cache 24 B 0', '      slab of 24 B 4048', '        24 B 24', '        24 B 24', '    cache pairs 0',
    '      slab of pairs 4048', '        pairs 16', '        pairs 16', '        pairs 16', '  beside the heap 0', '    static data 60000', '    stack 5000', '    metadata beside the arena 536',
  ]);
});

test('ids are of addresses, each once, and stay', () => {
  const nodes = all(treeOf(heapOf(SEGMENTS)).root);
  assert.equal(new Set(nodes.map(({ id }) => id)).size, nodes.length);
  assert.ok(nodes.every(({ id }) => id > 0 && id < 2 ** 32));
  assert.deepEqual(nodes.filter(({ name }) => name === '24 B').map(({ id }) => id), [0x1_0001, 0x1_0000 + 33 * 24 + 1]);
  const [first] = SEGMENTS;
  assert.ok(first !== undefined);
  // One is given back, another made: the third keeps its id.
  const later = all(treeOf(heapOf([{ ...first, liveBits: [2, 2] }, ...SEGMENTS.slice(1)])).root);
  assert.deepEqual(later.filter(({ name }) => name === '24 B').map(({ id }) => id), [0x1_0019, 0x1_0000 + 33 * 24 + 1]);
});

test('objects of fewer than 8 bytes have ids of their own', () => {
  const nodes = all(treeOf(heapOf([{ start: 0x1_0000, length: 4096, kind: 'slab', span: SPAN, objectLength: 4, objects: 64, live: 64, liveBits: [0xffff_ffff, 0xffff_ffff] }])).root);
  assert.equal(new Set(nodes.map(({ id }) => id)).size, nodes.length);
});

test('above the limit, the objects of a slab are one, the largest are not, and that is said', () => {
  // The smaller objects come first in the memory.
  const [first, second] = SEGMENTS;
  assert.ok(first !== undefined && second !== undefined);
  const tree = treeOf(heapOf([{ ...second, start: first.start }, { ...first, start: second.start }, ...SEGMENTS.slice(2)]), 3);
  assert.deepEqual([tree.objects, tree.grouped], [2, 1]);
  const nodes = all(tree.root);
  assert.equal(bytesOf(nodes.filter(({ live }) => live)), LIVE_IN_SEGMENTS);
  assert.deepEqual(nodes.filter(({ live }) => live).map(({ name }) => name), ['segment of 4 KiB', 'large segment', '24 B', '24 B', 'pairs (3 of 3)']);
  assert.match(heapSnapshot(tree), /"memory \(2 objects one by one, those of 1 slab together\)"/);
});

test('a full slab needs no list of what is held; another one is a node without it', () => {
  const slab = { start: 0x1_0000, length: 4096, kind: 'slab', span: SPAN, objectLength: 24, objects: 40 } as const;
  const held = (live: number): number => all(treeOf(heapOf([{ ...slab, live }])).root).filter((node) => node.live).length;
  assert.deepEqual([held(40), held(39), held(0)], [40, 1, 0]);
});

test('caches of one name are told from each other by their objects', () => {
  const { sample } = PLAIN.now;
  const [pairs] = sample.objectCaches;
  assert.ok(pairs !== undefined);
  const slab = (start: number, objectLength: number): SegmentRow => ({ start, length: 4096, kind: 'objects', span: SPAN, objectLength, objects: 1, live: 1, liveBits: [1, 0], objectCache: 'pairs' });
  const heap = heapOf([slab(0x1_0000, 16), slab(0x1_1000, 48)]);
  const twins = { ...heap, sample: () => ({ ...sample, objectCaches: [pairs, { ...pairs, number: 7, stride: 48 }] }) };
  assert.equal(all(treeOf(twins).root).filter(({ name }) => name === 'cache pairs').length, 2);
});

interface File { snapshot: { node_count: number; edge_count: number }; nodes: number[]; edges: number[]; strings: string[] }

test('the file is as V8 writes it: fields by seven, edges in the order of their nodes', () => {
  const tree = treeOf(new FakeHeap());
  const json = heapSnapshot(tree);
  assert.deepEqual(Object.keys(JSON.parse(json)), ['snapshot', 'nodes', 'edges', 'trace_function_infos', 'trace_tree', 'samples', 'locations', 'strings']);
  const { snapshot, nodes, edges, strings } = record<File>({
    snapshot: record<File['snapshot']>({ node_count: number, edge_count: number }), nodes: list(number), edges: list(number), strings: list(text),
  })(JSON.parse(json), 'file');
  assert.equal(nodes.length, 7 * snapshot.node_count);
  assert.equal(edges.length, 3 * snapshot.edge_count);
  const count = nodes.filter((_, index) => index % 7 === 4).reduce((a, b) => a + b, 0);
  assert.equal(count, snapshot.edge_count);
  // Each node but the root is led to once.
  assert.deepEqual(edges.filter((_, index) => index % 3 === 2), Array.from({ length: snapshot.node_count - 1 }, (_, index) => 7 * (index + 1)));
  assert.ok(nodes.filter((_, index) => index % 7 === 1).every((name) => strings[name] !== undefined));
  assert.equal(nodes.filter((_, index) => index % 7 === 3).reduce((a, b) => a + b, 0), 2 * 65_536);
});

test('a heap that was never used, and one whose arena is gone', () => {
  const { sample } = PLAIN.now;
  const gone = { ...heapOf([]), sample: () => ({ ...sample, arenas: [] }) };
  assert.equal(bytesOf(all(treeOf(gone).root)), sample.summary.memoryBytes);
});
