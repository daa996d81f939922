/** Claim: an address, a cache, a site, a tag, an arena and a view are found by what people type, and nothing by what is nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPORT } from '../test/fake-audit.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { OBJECTS } from '../test/fake-objects.ts';
import { OFFERED, search, type Known } from './search.ts';

const heap = new FakeHeap();
heap.work(3_000_000);
const { caches, arenas, summary } = heap.sample();
const known: Known = {
  caches, arenas, report: REPORT, objectCaches: OBJECTS.objectCaches, memoryBytes: summary.memoryBytes,
  views: [{ id: 'map', name: 'Map' }, { id: 'sites', name: 'Call sites' }],
};
const kinds = (text: string): string[] => search(text, known).map(({ kind }) => kind);

test('an address in hex is the first thing meant, one in decimal the last', () => {
  assert.deepEqual(search('0x1a000', known)[0], { kind: 'address', address: 0x1a000, label: '0x0001a000', note: 'address' });
  assert.match(search('0xfffffff0', known)[0]?.note ?? '', /outside of the/);
  assert.equal(search('64', known).at(-1)?.kind, 'address');
  assert.ok(kinds('64').includes('cache'));
});

test('caches, arenas and views by a part of their name, whatever its case', () => {
  const [first] = OBJECTS.objectCaches;
  assert.ok(first !== undefined);
  assert.deepEqual(search(first.name.toUpperCase(), known)[0], { kind: 'object', number: first.number, label: first.name, note: search(first.name, known)[0]?.note });
  assert.ok(kinds('heap').includes('arena'));
  assert.deepEqual(kinds('map'), ['view']);
});

test('sites by number, tags by name', () => {
  assert.ok(search('site 2', known).some((match) => match.kind === 'site' && match.site === 2));
  assert.ok(search('CSV', known).some((match) => match.kind === 'tag' && match.name === 'csv'));
  assert.deepEqual(search('site 99', known), []);
});

test('nothing is found by nothing, and not too much by a letter', () => {
  assert.deepEqual(search('  ', known), []);
  assert.deepEqual(search('<img src=x>', known), []);
  assert.ok(search('b', known).length <= OFFERED);
});
