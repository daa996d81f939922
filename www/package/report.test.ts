/** Claim: what is told of a heap without a page is what its documentation says, word for word, and what must hold is looked at with the right limits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { QUIET, SITES, STRING } from '../test/fake-audit.ts';
import { FakeInspector } from '../test/fake-inspector.ts';
import { parseBytes } from './assertions.ts';
import { diffOf } from './diff.ts';
import { reportOn } from './report.ts';
import { targetOf } from './target.ts';
import { printable, text } from './text.ts';

/** The examples of the documentation, in its order. */
const [REPORT, DIFF] = [...readFileSync('../docs/headless.md', 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']): unknown => JSON.parse(json));
const LINES = [...readFileSync('../docs/headless.md', 'utf8').matchAll(/```text\n([\s\S]*?)```/g)].map(([, lines = '']) => lines.trimEnd());

function grown(): FakeInspector {
  const heap = new FakeInspector();
  heap.changed = { memoryBytes: 327_680, pages: 5, liveObjects: 171, liveBytes: 139_648, allocations: 310, growths: 3, composition: { ...heap.summary().composition, live: 139_648, arenaFree: 102_016 } };
  heap.rows = heap.rows.map((row) => row.name === '448 B' ? { ...row, live: 50, liveBytes: 22_400, freeInSlabs: 0 } : row);
  heap.diagnosis = { ...QUIET, sites: [{ ...STRING, id: 1, liveBytes: STRING.liveBytes + 4480, liveCount: STRING.liveCount + 10 }, ...SITES.slice(0, 1)] };
  return heap;
}

test('a report is what the documentation shows', () => {
  const report = reportOn(new FakeInspector(), { assert: 'max-pages=4,max-live=100KiB,no-leaks,ok' });
  assert.deepEqual(JSON.parse(JSON.stringify(report)), REPORT);
  assert.equal(text(report), LINES[0]);
});

test('a comparison is what the documentation shows', () => {
  const diff = diffOf(new FakeInspector(), grown(), { assert: 'max-page-growth=0,max-live-growth=1MiB' });
  assert.deepEqual(JSON.parse(JSON.stringify(diff)), DIFF);
  assert.equal(text(diff), LINES[1]);
});

test('the verdict comes first, with as many pinned pages as were asked for', () => {
  const report = reportOn(new FakeInspector(), { top: 1 });
  assert.deepEqual(report.verdict.pins.list.map(({ start }) => start), [0x10_000]);
  assert.deepEqual(text(report).split('\n').slice(0, 3), ['Half of the memory is live.', 'Look at the call sites that hold it.', '']);
});

test('what a dump says of itself is told, and cannot speak to the terminal', () => {
  const heap = new FakeInspector();
  heap.origin = {
    format: 'flagstone', program: 'notes', reason: 'trap', error: 'unreachable\u001b[2J', time: null, writer: '0.1.0', contents: 'all', leftOutBytes: 0, memoryBytes: 262_144, fileBytes: 90_000,
    memory: 0, memories: 1, frames: [], sentence: 'A dump of notes after a trap.',
  };
  const report = reportOn(heap);
  assert.equal(report.origin?.program, 'notes');
  assert.deepEqual(text(report).split('\n').slice(3, 6), ['A dump of notes after a trap.', 'Its error: unreachable\\x1b[2J', '']);
});

test('a limit that is reached holds, one byte more does not', () => {
  const holds = (assert: string): boolean => reportOn(new FakeInspector(), { assert }).ok;
  for (const [reached, exceeded] of [['max-pages=4', 'max-pages=3'], ['max-memory=256KiB', 'max-memory=262143'], ['max-live=132KiB', 'max-live=135167'], ['max-objects=161', 'max-objects=160']] as const) {
    assert.equal(holds(reached), true, reached);
    assert.equal(holds(exceeded), false, exceeded);
  }
  const growth = (assert: string): boolean => diffOf(new FakeInspector(), grown(), { assert }).ok;
  for (const [reached, exceeded] of [['max-page-growth=1', 'max-page-growth=0'], ['max-live-growth=4480', 'max-live-growth=4479'], ['max-object-growth=10', 'max-object-growth=9']] as const) {
    assert.equal(growth(reached), true, reached);
    assert.equal(growth(exceeded), false, exceeded);
  }
  assert.equal(holds('no-leaks'), false);
  const whole = new FakeInspector();
  whole.found = { ...whole.found, leaks: 0, lostObjects: 0, lostBytes: 0, groups: [] };
  assert.equal(reportOn(whole, { assert: ' no-leaks , ok ' }).ok, true);
});

test('a damaged heap is not well, whatever is asserted', () => {
  const heap = new FakeInspector();
  heap.checked = { ...heap.checked, ok: false, problems: [{ invariant: 'I7', address: 0x3000, sentence: 'The tag points to itself.' }] };
  assert.equal(reportOn(heap).ok, false);
  assert.deepEqual(reportOn(heap, { assert: 'ok' }).assertions, [{ name: 'ok', holds: false, limit: 0, actual: 1, sentence: 'The check found 1 problem.' }]);
  assert.match(text(reportOn(heap)), /The heap is damaged: 1 problem\.\n {2}I7 {2}0x00003000 {2}The tag points to itself\./);
});

test('rows that are left out are counted, the largest are kept', () => {
  const { caches, sites, leaks } = reportOn(new FakeInspector(), { top: 1 });
  assert.deepEqual([caches.rows.map(({ name }) => name), caches.left], [['448 B'], 1]);
  assert.deepEqual([sites?.rows.map(({ id }) => id), sites?.left], [[1], 1]);
  assert.deepEqual([leaks?.groups.rows.length, leaks?.groups.left], [1, 0]);
  assert.throws(() => reportOn(new FakeInspector(), { top: -1 }), /-1 is no number of rows/);
});

test('what JavaScript holds goes to the search for leaks, which can be left out', () => {
  const heap = new FakeInspector();
  reportOn(heap, { roots: [16, 32] });
  assert.deepEqual(heap.asked, { roots: [16, 32] });
  heap.asked = undefined;
  assert.equal(reportOn(heap, { leaks: false }).leaks, null);
  assert.equal(heap.asked, undefined);
  assert.throws(() => reportOn(heap, { leaks: false, assert: 'no-leaks' }), /not looked for/);
});

test('words that make no sense are answered with those that do', () => {
  const says = (assert: string): (() => unknown) => () => reportOn(new FakeInspector(), { assert });
  assert.throws(says('max-page=4'), /“max-page=4” is nothing that can be asserted here: use max-pages=N, max-memory=BYTES, /);
  assert.throws(says('toString'), /“toString” is nothing/);
  assert.throws(says('max-pages=4=5'), /“max-pages=4=5” is nothing/);
  assert.throws(says('max-pages'), /“max-pages” needs a number, such as 40/);
  assert.throws(says('max-pages=-1'), /“max-pages=-1” needs a number/);
  assert.throws(says('max-live=many'), /“max-live=many” needs a number of bytes/);
  assert.throws(says('ok=1'), /“ok” takes no value, and “1” was given/);
  assert.throws(() => diffOf(new FakeInspector(), new FakeInspector(), { assert: 'ok' }), /“ok” is nothing that can be asserted here: use max-page-growth=N/);
});

test('bytes are read in both kinds of units', () => {
  const read = { '0': 0, '65536': 65_536, '64KiB': 65_536, '1.5 MiB': 1_572_864, '2GiB': 2_147_483_648, '1MB': 1_000_000, '7b': 7, '3k': 3000 };
  for (const [word, bytes] of Object.entries(read)) assert.equal(parseBytes(word), bytes, word);
  for (const word of ['', 'KiB', '-1', '1 TiB', '1e9', '0x10', '1.2.3']) assert.equal(parseBytes(word), undefined, word);
});

test('no name of a memory can speak to the terminal', () => {
  const heap = new FakeInspector();
  heap.rows = heap.rows.map((row) => ({ ...row, name: '\u001b]0;owned\u0007\n\u202eeman' }));
  const lines = text(reportOn(heap));
  assert.ok(lines.includes('\\x1b]0;owned\\x07\\x0a\\x202eeman'));
  assert.doesNotMatch(lines, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  assert.equal(printable('größe 名'), 'größe 名');
});

test('a target is found in whatever has a memory', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const root = new WebAssembly.Global({ value: 'i32' }, 4096);
  const roots = (): number[] => [];
  assert.equal(targetOf(memory).memory, memory);
  assert.deepEqual(targetOf({ exports: { memory, __flagstone_root: root } }), { memory, root });
  assert.deepEqual(targetOf({ memory, root: 7, roots }), { memory, root: 7, roots });
  for (const nothing of [undefined, null, 7, 'memory', {}, { memory: 7 }, { exports: {} }, new Uint8Array(8)]) assert.throws(() => targetOf(nothing), /no WebAssembly memory/);
  assert.throws(() => targetOf({ memory, root: 'here' }), /root of a heap is an address/);
  assert.throws(() => targetOf({ memory, roots: [1] }), /said by a function/);
});
