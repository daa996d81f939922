/** Claim: one search runs at a time, it can be stopped, and what came of it is kept, or why nothing did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Atom } from './atom.ts';
import { findLeaks, LeakFinder } from './leak-finder.ts';
import { NO_SEARCH, type LeakSearch } from './model/leaks.ts';

/** Pages that a page of a browser copies in more than one turn. */
const PAGES = 2_000;

function watched(): { search: Atom<LeakSearch>; seen: string[] } {
  const search = new Atom<LeakSearch>(NO_SEARCH);
  const seen: string[] = [];
  search.watch(() => seen.push(search.value.kind));
  return { search, seen };
}

test('without an engine the reason is kept as a sentence', async () => {
  const { search, seen } = watched();
  await new LeakFinder(search).start({ memory: new WebAssembly.Memory({ initial: 1 }) }, { stack: false });
  assert.equal(search.value.kind, 'failed');
  assert.match(search.value.kind === 'failed' ? search.value.sentence : '', /could not be loaded/);
  assert.ok(seen.includes('copying'));
});

test('a search that is stopped leaves nothing behind, and says no more', async () => {
  const { search, seen } = watched();
  const finder = new LeakFinder(search);
  const ended = finder.start({ memory: new WebAssembly.Memory({ initial: PAGES }) }, { stack: false });
  assert.equal(search.value.kind, 'copying');
  finder.stop();
  assert.deepEqual(search.value, NO_SEARCH);
  const told = seen.length;
  await ended;
  assert.equal(seen.length, told);
});

test('a second search takes the place of the first', async () => {
  const { search } = watched();
  const finder = new LeakFinder(search);
  const first = finder.start({ memory: new WebAssembly.Memory({ initial: PAGES }) }, { stack: false });
  const second = finder.start({ memory: new WebAssembly.Memory({ initial: 1 }) }, { stack: true });
  await first;
  await second;
  assert.equal(search.value.kind, 'failed', 'the second one, which has no engine either');
});

test('what JavaScript holds is asked for in the turn of the copy, and a memory that grows meanwhile is copied whole', async () => {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES + 1 });
  const asked: number[] = [];
  let grown = false;
  const shares: number[] = [];
  const options = {
    stack: false, worker: false, signal: new AbortController().signal,
    progress: (_: string, share: number): void => {
      shares.push(share);
      if (!grown) memory.grow(1);
      grown = true;
    },
  };
  const roots = (): number[] => {
    asked.push(memory.buffer.byteLength);
    return [];
  };
  await assert.rejects(findLeaks({ memory, roots }, options), /could not be loaded/);
  assert.deepEqual(asked, [(PAGES + 1) * 65_536]);
  assert.ok(shares.length > 1 && shares.every((share) => share >= 0 && share <= 1));
});
