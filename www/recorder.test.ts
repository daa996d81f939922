/** Claim: the recorder samples at its interval, rests in a pause, reads the map only when it is shown, and turns errors into a sentence. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Recorder } from './recorder.ts';
import { State } from './state.ts';
import { FakeHeap } from './test/fake-engine.ts';

function attached(): { state: State; recorder: Recorder; heap: FakeHeap } {
  const state = new State();
  const recorder = new Recorder(state, () => Date.now());
  const heap = new FakeHeap();
  recorder.attach(heap);
  return { state, recorder, heap };
}

test('samples come at the interval, none in a pause but those asked for', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { state, recorder } = attached();
  assert.equal(state.history.value.recorded, 1, 'one at once');
  t.mock.timers.tick(1000);
  assert.equal(state.history.value.recorded, 5);
  state.interval.set(100);
  t.mock.timers.tick(1000);
  assert.equal(state.history.value.recorded, 15);
  state.paused.set(true);
  t.mock.timers.tick(5000);
  recorder.sample('opening');
  assert.equal(state.history.value.recorded, 15);
  recorder.take();
  assert.equal(state.history.value.recorded, 16);
  state.paused.set(false);
  t.mock.timers.tick(100);
  assert.equal(state.history.value.recorded, 17);
  mock.reset();
});

test('the map is read when it is shown, with the granule it asks for', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { state } = attached();
  state.granule.set(8192);
  const granule = (): number | undefined => state.map.value?.granule;
  assert.equal(granule(), undefined);
  state.tab.set('map');
  assert.equal(granule(), 8192);
});

test('a heap that cannot be read is said, and said no more when it can be again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { state, recorder, heap } = attached();
  const broken = t.mock.method(heap, 'summary', () => { throw new Error('The slab record at 0x00012340 is damaged.'); });
  recorder.take();
  assert.equal(state.trouble.value, 'The slab record at 0x00012340 is damaged.');
  assert.equal(state.history.value.recorded, 1);
  broken.mock.restore();
  recorder.take();
  assert.equal(state.trouble.value, '');
});

test('work between two samples is named in the growth that it caused', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const { state, recorder, heap } = attached();
  recorder.sample();
  heap.work(500_000);
  recorder.sample('opening big.json');
  assert.equal(state.history.value.growths.at(-1)?.during, 'opening big.json');
});
