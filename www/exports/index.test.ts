/** Claim: without a page, a heap is read and written in every format, also one whose diagnosis cannot be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTRIES, REPORT } from '../test/fake-audit.ts';
import { FakeHeap } from '../test/fake-engine.ts';
import { collapsed, FORMATS, profileOf, recordsOfHeap, sourceOf, tablesOf } from './index.ts';

test('a heap without diagnosis', async () => {
  const heap = new FakeHeap();
  heap.work(500_000);
  const records = recordsOfHeap(heap, 'app.wasm', 0);
  assert.equal(profileOf(records).live.bytes, heap.summary().liveBytes);
  assert.match(collapsed(profileOf(records)), /^heap;size classes;\d+ B \d+$/m);
  for (const format of FORMATS) assert.ok((await format.make(sourceOf(records, heap))).length > 60, format.id);
});

test('a heap with diagnosis has its sites and its log, without names where nobody knows them', () => {
  const heap = new FakeHeap();
  heap.work(500_000);
  heap.report = REPORT;
  heap.entries = ENTRIES;
  const records = recordsOfHeap(heap, 'app.wasm', 0);
  assert.equal(records.log?.matching, ENTRIES.length);
  assert.match(collapsed(profileOf(records)), /;\+0x2a0;/);
  assert.equal(profileOf(records).live.bytes, heap.summary().liveBytes);
});

test('the log is there as long as the engine lists it, and not where it is empty', () => {
  const heap = new FakeHeap();
  assert.equal(recordsOfHeap(heap, 'app.wasm', 0).log, undefined);
  heap.entries = Array.from({ length: 700 }, (_, index) => ENTRIES[index % ENTRIES.length] ?? assert.fail());
  assert.equal(recordsOfHeap(heap, 'app.wasm', 0).log?.entries.length, 700);
});

test('records of diagnosis that cannot be read take nothing from the rest', () => {
  const heap = new FakeHeap();
  heap.work(500_000);
  const damaged = {
    sample: () => heap.sample(),
    audit: () => { throw new Error('The record of diagnosis at 0x10000 is cut off.'); },
    log: () => { throw new Error('There is no log.'); },
  };
  const records = recordsOfHeap(damaged, 'app.wasm', 0);
  assert.equal(profileOf(records).live.bytes, heap.summary().liveBytes);
  assert.ok(tablesOf(records).some(({ id }) => id === 'caches'));
});
