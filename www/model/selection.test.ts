/** Claim: what is chosen is found in each view's records, and fills in the log's query only where nothing was typed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, OBJECT } from '../test/fake-audit.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { CYCLES, IMAGE, LISTS, TILE } from '../test/fake-leaks.ts';
import { OBJECTS, PAIRS, TOKENS } from '../test/fake-objects.ts';
import { WHOLE_LOG } from './diagnosis.ts';
import { spotlightOf } from './objects.ts';
import { chosenCache, narrowed, NO_CHOICE, ofChange, ofFault, ofLeak, ofRange, ofTime } from './selection.ts';

const { caches } = new FakeHeap().sample();
const faults = (choice: Parameters<typeof ofFault>[0]): number[] => FAULTS.filter((fault) => ofFault(choice, fault)).map(({ id }) => id);

test('a spotlight is a size class or an object cache, and says of one that it is no more', () => {
  const [first] = caches;
  assert.ok(first !== undefined);
  assert.deepEqual(chosenCache(first.class, caches, OBJECTS.objectCaches), { spotlight: first.class, key: `class:${first.size}`, name: first.name, made: false });
  const tokens = chosenCache(spotlightOf(TOKENS), caches, OBJECTS.objectCaches);
  assert.deepEqual(tokens, { spotlight: -TOKENS.number, key: `cache:${TOKENS.number}`, name: 'tokens', made: true });
  const gone = chosenCache(spotlightOf(PAIRS), caches, [TOKENS]);
  assert.deepEqual(gone, { spotlight: -5, key: 'cache:5', name: 'number 5, which is gone', made: false });
  assert.deepEqual(narrowed(WHOLE_LOG, { cache: gone }), WHOLE_LOG);
  assert.equal(chosenCache(spotlightOf(PAIRS), [], []), undefined, 'no sample was taken yet');
  assert.equal(chosenCache(undefined, caches, OBJECTS.objectCaches), undefined);
});

test('leaks and faults of what is chosen are found', () => {
  const groups = [IMAGE, LISTS, TILE, CYCLES];
  assert.deepEqual(groups.filter((group) => ofLeak({ site: 5 }, group)), [CYCLES]);
  assert.deepEqual(groups.filter((group) => ofLeak({ cache: { spotlight: 2, key: 'class:24', name: '24 B', made: false } }, group)), [LISTS]);
  assert.deepEqual(groups.filter((group) => ofLeak({ cache: { spotlight: -1, key: 'cache:1', name: 'tiles', made: true } }, group)), [TILE]);
  assert.deepEqual(groups.filter((group) => ofLeak({ cache: { spotlight: 73, key: 'class:16384', name: '16 KiB', made: false } }, group)), [], 'its class is a slab of an object cache');
  assert.deepEqual(faults({ cache: { spotlight: -2, key: 'cache:2', name: 'tokens', made: true } }), [4]);
  assert.deepEqual(faults({ site: 5 }), [8, 7]);
  assert.deepEqual(faults({ address: 0x510 }), [3]);
  assert.deepEqual(faults({ address: OBJECT + 23 }), [9, 8, 7, 6, 5, 4, 2]);
  assert.deepEqual(faults({ address: OBJECT + 24 }), [], 'the end is not of the object');
  assert.deepEqual(faults(NO_CHOICE), []);
});

test('ranges and times hold their beginning', () => {
  assert.deepEqual([0xfff, 0x1000, 0x1fff, 0x2000].map((address) => ofRange({ address }, 0x1000, 0x1000)), [false, true, true, false]);
  assert.equal(ofRange(NO_CHOICE, 0, 10), false);
  assert.deepEqual([0.9, 1, 2, 2.1, undefined].map((time) => ofTime({ range: [1, 2] }, time)), [false, true, true, false, false]);
  assert.equal(ofChange({ site: 3 }, { site: 3 }), true);
  assert.equal(ofChange({ site: 3 }, { cache: 'class:24', site: undefined }), false);
  assert.equal(ofChange(NO_CHOICE, { cache: undefined, site: undefined }), false);
});

test('the log takes what is chosen where nothing was typed, and no size class', () => {
  const cache = { spotlight: -2, key: 'cache:2', name: 'tokens', made: true };
  assert.deepEqual(narrowed(WHOLE_LOG, { cache, site: 7, address: 0x1000 }), { ...WHOLE_LOG, cache: 'tokens', site: '7', address: '0x00001000' });
  const typed = { ...WHOLE_LOG, cache: 'pairs', site: '2', address: '0x5' };
  assert.deepEqual(narrowed(typed, { cache, site: 7, address: 0x1000 }), typed);
  assert.deepEqual(narrowed(WHOLE_LOG, { cache: { ...cache, made: false, name: '24 B' } }), WHOLE_LOG);
});
