/** Claim: what is exported is a new reading, in a pause the sample that is shown, with the highest moment that was read and the names of all frames. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gathered } from './exporter.ts';
import { profileOf } from './exports/profile.ts';
import { Recorder } from './recorder.ts';
import { State } from './state.ts';
import { SymbolStore } from './symbols.ts';
import { KNOWN } from './test/fake-leaks.ts';
import { openFake, REPORT } from './test/fake-audit.ts';
import { FakeHeap } from './test/fake-engine.ts';

function attached(): { state: State; recorder: Recorder; heap: FakeHeap; tick(milliseconds: number): void } {
  const state = new State();
  let now = 0;
  const recorder = new Recorder(state, () => now);
  const heap = new FakeHeap();
  heap.work(400_000);
  recorder.attach(heap);
  return { state, recorder, heap, tick: (milliseconds) => { now += milliseconds; } };
}

test('a new reading, unless recording rests', async () => {
  const { state, recorder, heap } = attached();
  const before = heap.summary().liveBytes;
  state.paused.set(true);
  heap.work(400_000);
  assert.equal((await gathered('app', state, recorder, undefined)).now.sample.summary.liveBytes, before);
  state.paused.set(false);
  const { now, moments, program } = await gathered('app', state, recorder, undefined);
  assert.equal(now.sample.summary.liveBytes, heap.summary().liveBytes);
  assert.deepEqual([program, moments.length, moments.at(-1)?.liveBytes], ['app', 2, heap.summary().liveBytes]);
  state.paused.set(true);
});

test('the highest moment that was read is the peak', async () => {
  const { state, recorder, heap, tick } = attached();
  heap.work(800_000);
  tick(5000);
  recorder.take();
  const peak = heap.summary().liveBytes;
  heap.drop(0.5);
  tick(5000);
  const records = await gathered('app', state, recorder, undefined);
  assert.ok(records.now.sample.summary.liveBytes < peak);
  assert.equal(profileOf(records).peak.bytes, peak);
  assert.equal(profileOf(records).live.bytes, heap.summary().liveBytes);
  heap.work(3_000_000);
  assert.equal(profileOf(await gathered('app', state, recorder, undefined)).peak.bytes, heap.summary().liveBytes, 'the last one may be it');
  state.paused.set(true);
});

test('call sites are those of now, with their names; leaks that were found come along', async () => {
  const { state, recorder, heap } = attached();
  heap.report = REPORT;
  state.leaks.set({ kind: 'found', report: KNOWN, took: { search: 1, pause: 1 } });
  const symbols = new SymbolStore(() => Promise.resolve(new ArrayBuffer(0)), undefined, () => Promise.resolve(openFake));
  const records = await gathered('app', state, recorder, symbols);
  assert.equal(records.now.audit, REPORT, 'it is read though no view shows it');
  assert.equal(records.name(0x2a0)[0]?.function, 'demo::csv::read');
  assert.equal(records.leaks, KNOWN);
  state.paused.set(true);
});

test('without a heap there is a sentence', async () => {
  const state = new State();
  await assert.rejects(gathered('app', state, new Recorder(state, () => 0), undefined), { message: 'There is no heap that could be read.' });
});
