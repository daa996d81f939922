/** Claim: arenas are shown once each below what they import from, figures have their units, and a filter is understood or refused in a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arenaRow, lentArenas, listed, FRAMES, HANDLES } from '../test/fake-arenas.ts';
import { FakeHeap, HEAP_ARENA, QUANTUM } from '../test/fake-engine.ts';
import {
  amount, bars, called, chosenArena, importer, kindsOf, lastOffset, move, PAGE, pageWords, parsed, parseLength, parsePosition, position, stretch, tree, verdict, visible, WHOLE,
  type Parsed, type SegmentQuery,
} from './arenas.ts';
import type { ArenaRow, SegmentFilter } from './records.ts';

function heapRow(): ArenaRow {
  const heap = new FakeHeap();
  heap.work(400_000);
  heap.drop(0.5);
  return heap.arenas()[0] ?? assert.fail('no arena');
}

function named(name: string, parent?: string, kind: ArenaRow['kind'] = 'numbers'): ArenaRow {
  const id = (word: string): number => word.charCodeAt(0);
  return arenaRow({ id: id(name), name, kind, ...(parent === undefined ? {} : { parent: id(parent) }), quantum: 1, spans: [], segments: [] });
}

const drawn = (rows: readonly ArenaRow[]): string => tree(rows).map(({ row, level, place, siblings, children }) => `${row.name}${level}:${place}/${siblings}+${children}`).join(' ');

test('the heap comes first, children come below their parents, in the order of the records', () => {
  assert.equal(drawn([named('a'), named('b', 'h'), named('h', undefined, 'heap'), named('c', 'b'), named('d', 'h')]), 'h1:1/2+2 b2:1/2+1 c3:1/1+0 d2:2/2+0 a1:2/2+0');
});

test('a parent that is not there, or a circle of parents, hides nothing', () => {
  assert.equal(drawn([named('a', 'x'), named('b', 'b')]), 'a1:1/1+0 b1:1/1+0');
  assert.equal(drawn([named('h', undefined, 'heap'), named('a', 'c'), named('b', 'a'), named('c', 'b')]), 'h1:1/1+0 a1:1/1+1 b2:1/1+1 c3:1/1+0');
  assert.equal(drawn([]), '');
});

test('what is below a closed arena is hidden, but never what is chosen', () => {
  const branches = tree([named('h', undefined, 'heap'), named('a', 'h'), named('b', 'a'), named('c', 'h')]);
  const names = (closed: string, chosen?: string): string => visible(branches, new Set([...closed].map((name) => name.charCodeAt(0))), chosen?.charCodeAt(0)).map(({ row }) => row.name).join('');
  assert.equal(names(''), 'habc');
  assert.equal(names('a'), 'hac');
  assert.equal(names('h'), 'h');
  assert.equal(names('ha', 'b'), 'habc');
  assert.equal(names('ha', 'a'), 'hac');
});

test('keys go up and down, into what is open, and out to what is above', () => {
  const branches = tree([named('h', undefined, 'heap'), named('a', 'h'), named('b', 'a'), named('c', 'h')]);
  const key = (name: string, of: string, closed: string[] = []): string => {
    const at = of.charCodeAt(0);
    const found = move(visible(branches, new Set(closed.map((word) => word.charCodeAt(0))), at), at, name);
    return found === undefined ? '' : 'open' in found ? String(found.open) : String.fromCharCode(found.choose);
  };
  assert.deepEqual(['ArrowDown', 'ArrowUp', 'Home', 'End'].map((name) => key(name, 'a')), ['b', 'h', 'h', 'c']);
  assert.equal(key('ArrowUp', 'h'), '');
  assert.equal(key('ArrowDown', 'c'), '');
  assert.deepEqual(['a', 'b', 'c'].map((of) => key('ArrowRight', of)), ['b', '', '']);
  assert.equal(key('ArrowRight', 'a', ['a']), 'true');
  assert.deepEqual(['h', 'a', 'b', 'c'].map((of) => key('ArrowLeft', of)), ['false', 'false', 'a', 'h']);
  assert.equal(key('ArrowLeft', 'a', ['a']), 'h');
  assert.equal(key('x', 'a'), '');
});

test('an arena that is gone gives its place to the heap', () => {
  const rows = [named('a'), named('h', undefined, 'heap')];
  assert.equal(chosenArena(rows, 97)?.name, 'a');
  assert.equal(chosenArena(rows, undefined)?.name, 'h');
  assert.equal(chosenArena(rows, 12)?.name, 'h');
  assert.equal(chosenArena([], 12), undefined);
});

test('an arena without a name has a word to click on', () => {
  assert.deepEqual(['gpu', '', ' '].map((name) => called({ name })), ['gpu', '(unnamed)', '(unnamed)']);
});

test('bytes have their unit, other numbers are counted', () => {
  const heap = heapRow();
  const handles = named('h');
  assert.deepEqual([amount(heap, 65_536), amount(handles, 65_536)], ['64 KiB', '65,536']);
  assert.deepEqual([position(heap, 65_536), position(handles, 65_536)], ['0x00010000', '65,536']);
  assert.deepEqual([stretch(heap, 0, 16), stretch(handles, 1, 4095), stretch(handles, 7, 1)], ['0x00000000 – 0x00000010', '1 – 4,095', '7']);
});

test('a sentence says which request can be met, and what is in the way of longer ones', () => {
  const row: ArenaRow = { ...heapRow(), cached: 0, total: 1 << 20, free: 184 << 10, largestFree: 64 << 10, freeSegments: 9 };
  assert.equal(verdict(row), 'A request of up to 64 KiB can be met; the other 120 KiB of the free 184 KiB (65.2 %) are in pieces no longer than that.');
  assert.equal(verdict({ ...row, freeSegments: 1, largestFree: row.free }), 'A request of up to 184 KiB can be met: all that is free is in one piece.');
  assert.equal(verdict({ ...row, free: 0 }), 'Nothing is free: before the next request is met, memory has to grow.');
  assert.equal(verdict({ ...row, total: 0, free: 0 }), 'It has no span yet, so nothing to hand out.');
  assert.equal(verdict({ ...row, kind: 'numbers', free: 5, largestFree: 5, freeSegments: 1, cached: 1 }), 'A request of up to 5 numbers can be met: all that is free is in one piece. 1 number more waits in caches, for short requests.');
});

test('bars run from the shortest free length to the longest, scaled by the largest, long gaps drawn as one', () => {
  const step = (segments: number, total: number): { segments: number; total: number } => ({ segments, total });
  const none = step(0, 0);
  const row: ArenaRow = { ...heapRow(), quantum: 4096, freeHistogram: [none, step(2, 20_480), none, step(1, 40_960), none, none, none, none, step(1, 1_048_576)] };
  assert.deepEqual(bars(row).map(({ label, segments }) => [label, segments]), [
    ['8 KiB – 12 KiB', 2], ['16 KiB – 28 KiB', 0], ['32 KiB – 60 KiB', 1], ['64 KiB – 1 MiB', 0], ['1 MiB – 2 MiB', 1],
  ]);
  const scales = bars(row).map(({ scale }) => scale);
  assert.deepEqual([scales[1], scales[3], scales[4]], [0, 0, 1]);
  assert.ok((scales[0] ?? 0) > 0.01 && (scales[0] ?? 0) < 0.03);
  assert.deepEqual(bars({ ...row, freeHistogram: [] }), []);
  assert.equal(bars({ ...row, kind: 'numbers', quantum: 1, freeHistogram: [step(3, 3)] })[0]?.label, '1');
});

test('the histogram of a heap adds up to what is free', () => {
  const row = heapRow();
  assert.equal(bars(row).reduce((sum, { total }) => sum + total, 0), row.free);
  assert.equal(bars(row).reduce((sum, { segments }) => sum + segments, 0), row.freeSegments);
});

function filter(query: Partial<SegmentQuery>, row: ArenaRow): SegmentFilter {
  const found = parsed({ ...WHOLE, ...query }, row);
  return 'filter' in found ? found.filter : assert.fail(found.mistake);
}

test('a filter is read as people write lengths and addresses', () => {
  const row = heapRow();
  assert.deepEqual(filter({}, row), { order: 'address', offset: 0, limit: PAGE });
  assert.deepEqual(filter({ least: ' 64 KiB ', most: '1.5MiB', from: '0x10000', to: '131,072', order: 'length', offset: 400 }, row), {
    minLength: 65_536, maxLength: 1_572_864, from: 65_536, to: 131_072, order: 'length', offset: 400, limit: PAGE,
  });
  assert.deepEqual(filter({ kinds: ['free', 'slab'] }, row).kinds, ['slab', 'free']);
  assert.deepEqual(['4096', '4096 B', '4k', '4 KB', '0x1000', '2g'].map((text) => parseLength(text, row)), [4096, 4096, 4096, 4096, 4096, 2 ** 31]);
  assert.deepEqual(['', '-1', 'k', '4 KiB 2', '1e3', '1.2.3', '9'.repeat(20)].map((text) => parseLength(text, row)), Array.from({ length: 7 }, () => undefined));
});

test('numbers that are no addresses have no units', () => {
  const row = named('h');
  assert.deepEqual(filter({ least: '1,000', from: '0x400', to: '9007199254740991' }, row), { minLength: 1000, from: 1024, to: Number.MAX_SAFE_INTEGER, order: 'address', offset: 0, limit: PAGE });
  assert.deepEqual(['4k', '1.5', '', '9007199254740992'].map((text) => parsePosition(text, row)), [undefined, undefined, undefined, undefined]);
});

test('only the heap has parked segments and metadata; kinds that an arena lacks do not count', () => {
  const row = named('a');
  assert.deepEqual(kindsOf(row).map(({ kind }) => kind), ['held', 'slab', 'free']);
  assert.equal(kindsOf(heapRow()).length, 6);
  assert.equal(filter({ kinds: ['free', 'held', 'slab'] }, row).kinds, undefined);
});

test('what makes no sense is refused in a sentence, with the field', () => {
  const [heap, handles] = [heapRow(), named('h')];
  const refused = (query: Partial<SegmentQuery>, row: ArenaRow): string => {
    const found: Parsed = parsed({ ...WHOLE, ...query }, row);
    return 'mistake' in found ? `${found.field}: ${found.mistake}` : 'understood';
  };
  assert.equal(refused({ least: 'marble' }, heap), 'least: “marble” is no length. Write it like 4096, 64 KiB or 1.5 MiB.');
  assert.equal(refused({ to: '0x123456789' }, heap), 'to: “0x123456789” is no address. Write it like 0x0001a000 or 106496.');
  assert.equal(refused({ most: '4 KiB' }, handles), 'most: “4 KiB” is no number of this arena. Write it like 1,024 or 0x400.');
  assert.equal(refused({ least: '64k', most: '4k' }, heap), 'least: Nothing is 64 KiB or longer and yet at most 4 KiB long. Change one of the two.');
  assert.equal(refused({ from: '0x20000', to: '0x10000' }, heap), 'from: The range begins at 0x00020000, after its end 0x00010000. Change one of the two.');
  assert.match(refused({ kinds: [] }, heap), /^kinds: No kind is chosen/);
  assert.match(refused({ kinds: ['parked'] }, handles), /^kinds: No kind is chosen/);
  assert.ok(refused({ from: 'x'.repeat(500) }, heap).length < 120);
});

test('pages are counted from one, and the last one begins where segments are', () => {
  assert.deepEqual([0, 1, 200, 201, 1234].map(lastOffset), [0, 0, 0, 200, 1200]);
  const rows = listed(lentArenas(HEAP_ARENA, 0, 64 * QUANTUM)[0] ?? assert.fail('no arena'), {}).rows;
  assert.equal(pageWords(0, { matching: 5, length: 10, rows }), '5 segments');
  assert.equal(pageWords(200, { matching: 205, length: 10, rows }), '201–205 of 205 segments');
  assert.equal(pageWords(200, { matching: 0, length: 0, rows: [] }), '0 segments');
});

test('a held segment that another arena imported says by which', () => {
  const heap = new FakeHeap();
  heap.lend();
  const rows = heap.arenas();
  const own = rows[0] ?? assert.fail('no arena');
  const held = heap.segments(HEAP_ARENA, { kinds: ['held'] }).rows[0] ?? assert.fail('nothing is held');
  assert.equal(importer(rows, own, held)?.id, FRAMES);
  assert.equal(importer(rows, own, { ...held, start: held.start + held.length }), undefined);
  assert.equal(importer(rows, own, { ...held, kind: 'free' }), undefined);
  assert.deepEqual(rows.map(({ id }) => id), [HEAP_ARENA, FRAMES, HANDLES]);
});
