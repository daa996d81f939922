/** Claim: frames are named, placed and sorted out as people read stacks; without names they stay offsets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAMES } from '../test/fake-audit.ts';
import { crateOf, offsetName, ownLines, placeOf, shortName, stackLines } from './frames.ts';

const names = (lines: readonly { name: string }[]): string[] => lines.map(({ name }) => name);

test('a frame without a name is its offset', () => {
  assert.equal(offsetName(0x8f8), '+0x8f8');
  assert.deepEqual(stackLines([0x8f8], new Map()), [{ offset: 0x8f8, name: '+0x8f8', place: '', inlined: false, named: false }]);
});

test('inlined calls are lines of their own, the innermost first', () => {
  const lines = stackLines([0x210, 0x2a0], FRAMES);
  assert.deepEqual(names(lines), ['alloc::raw_vec::RawVec<T,A>::grow_one', 'demo::csv::Column::push', 'demo::csv::read']);
  assert.deepEqual(lines.map(({ inlined }) => inlined), [true, false, false]);
  assert.equal(lines[1]?.place, 'src/csv.rs:88:13');
});

test('a place is as exact as what is known', () => {
  const frame = { function: 'f', inlined: false };
  assert.equal(placeOf(frame), '');
  assert.equal(placeOf({ ...frame, file: 'a.rs' }), 'a.rs');
  assert.equal(placeOf({ ...frame, file: 'a.rs', line: 3 }), 'a.rs:3');
  assert.equal(placeOf({ ...frame, file: 'a.rs', line: 3, column: 9 }), 'a.rs:3:9');
});

test('allocators and collections at the inner end are left out, and only there', () => {
  const line = (name: string, named = true): { offset: number; name: string; place: string; inlined: boolean; named: boolean } => ({ offset: 1, name, place: '', inlined: false, named });
  const stack = ['__rust_alloc', 'flagstone::global::alloc', '<alloc::vec::Vec<T> as core::clone::Clone>::clone', '&mut core::iter::Map<I>::next', 'demo::read', 'std::rt::start'].map((name) => line(name));
  assert.deepEqual(names(ownLines(stack)), ['demo::read', 'std::rt::start']);
  for (const name of ['allocate_page', 'flagstone_demo::open', 'core_loop', 'stdout', 'mallocator::get']) assert.deepEqual(names(ownLines([line(name)].concat(line('x')))), [name, 'x'], name);
  assert.deepEqual(names(ownLines([line('malloc'), line('png_read')])), ['png_read']);
  assert.deepEqual(names(ownLines([line('__rust_alloc')])), ['__rust_alloc'], 'there is nothing else');
  assert.deepEqual(names(ownLines([line('+0x8f8', false), line('demo::read')])), ['+0x8f8', 'demo::read'], 'nobody knows what it is');
});

test('crates and short names', () => {
  assert.deepEqual(['demo::csv::read', '<demo::csv::Column as core::fmt::Debug>::fmt', '&mut demo::x', 'main', '+0x8'].map(crateOf), ['demo', 'demo', 'demo', '', '']);
  assert.deepEqual(['demo::csv::Column<alloc::vec::Vec<T>>::push', 'main', 'a::b', '<demo::A as demo::B>::go', ''].map(shortName), ['Column::push', 'main', 'a::b', '<demo::A as demo::B>::go', '']);
});
