/** Claim: trace events have a counter for each figure of each sample and an instant for each growth, in the order of time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, WHOLE } from '../test/fake-records.ts';
import { profileOf } from './profile.ts';
import { traceEvents } from './trace-events.ts';

test('in full', () => {
  const counter = (ts: number, name: string, args: object): object => ({ ph: 'C', pid: 1, tid: 0, ts, name, cat: 'heap', args });
  assert.deepEqual(JSON.parse(traceEvents(profileOf(WHOLE))), {
    displayTimeUnit: 'ms', otherData: { exporter: 'flagstone', program: 'demo.wasm' }, traceEvents: [
      { ph: 'M', pid: 1, tid: 0, ts: 0, name: 'process_name', args: { name: 'demo.wasm' } },
      counter(0, 'live', { bytes: 200_000 }), counter(0, 'held by the heap', { bytes: 300_000 }), counter(0, 'linear memory', { bytes: 1_114_112 }), counter(0, 'pages', { count: 17 }),
      counter(250_000, 'live', { bytes: 12_000_000 }), counter(250_000, 'held by the heap', { bytes: 12_300_000 }), counter(250_000, 'linear memory', { bytes: 12_451_840 }),
      counter(250_000, 'pages', { count: 190 }),
      {
        ph: 'i', s: 'p', pid: 1, tid: 0, ts: 250_000, cat: 'heap', name: 'memory grew by 173 pages',
        args: { fromPages: 17, toPages: 190, calls: 3, foreignCalls: 1, liveBefore: 200_000, liveAfter: 12_000_000, during: 'open "a;b".csv' },
      },
    ],
  });
});

test('without a recording there is but the name', () => {
  assert.match(traceEvents(profileOf(PLAIN)), /"traceEvents":\[\{"ph":"M"[^\]]*\]\}$/);
});
