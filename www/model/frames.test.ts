/** Claim: stacks are lines that people read, with inlined calls, without plumbing; what has no name stays an offset. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAMES } from '../test/fake-audit.ts';
import { crateOf, isNamed, nameless, ownLines, shortName, stackLines } from './frames.ts';

const names = (lines: readonly { name: string }[]): string[] => lines.map(({ name }) => name);

test('a frame without a name is its offset, whether it was asked for or not', () => {
  assert.deepEqual(names(stackLines([0x8f8], new Map())), ['+0x8f8']);
  assert.deepEqual(names(stackLines([0x8f8], new Map([[0x8f8, [nameless(0x8f8)]]]))), ['+0x8f8']);
  assert.equal(isNamed(nameless(0x8f8)), false);
  assert.equal(isNamed({ ...nameless(1), function: 'wasm-function[7]' }), true);
});

test('inlined calls are lines of their own, the innermost first', () => {
  const lines = stackLines([0x210, 0x2a0], FRAMES);
  assert.deepEqual(names(lines), ['alloc::raw_vec::RawVec<T,A>::grow_one', 'demo::csv::Column::push', 'demo::csv::read']);
  assert.deepEqual(lines.map(({ inlined }) => inlined), [true, false, false]);
  assert.equal(lines[1]?.place, 'src/csv.rs:88:13');
});

test('allocators and collections at the inner end are left out', () => {
  assert.deepEqual(names(ownLines(stackLines([0x108, 0x210, 0x2a0], FRAMES))), ['demo::csv::Column::push', 'demo::csv::read']);
  assert.deepEqual(names(ownLines(stackLines([0x108], FRAMES))), ['__rust_alloc'], 'there is nothing else');
  assert.deepEqual(names(ownLines(stackLines([0x8f8, 0x2a0], FRAMES))), ['+0x8f8', 'demo::csv::read'], 'nobody knows what it is');
  assert.deepEqual(ownLines([]), []);
});

test('crates and short names', () => {
  assert.deepEqual(['demo::csv::read', '<demo::csv::Column as core::fmt::Debug>::fmt', '&mut demo::x', 'main', '+0x8'].map(crateOf), ['demo', 'demo', 'demo', '', '']);
  assert.deepEqual(['demo::csv::Column<alloc::vec::Vec<T>>::push', 'main', 'a::b', '<demo::A as demo::B>::go', ''].map(shortName), ['Column::push', 'main', 'a::b', '<demo::A as demo::B>::go', '']);
});
