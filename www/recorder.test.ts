/** Claim: the recorder samples at its interval, rests in a pause, reads map and segments only when they are shown, and turns errors into a sentence. */
import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { PAGE, WHOLE } from './model/arenas.ts';
import { NOTHING } from './model/objects.ts';
import { Recorder } from './recorder.ts';
import { State } from './state.ts';
import { FRAMES } from './test/fake-arenas.ts';
import { FakeHeap, HEAP_ARENA } from './test/fake-engine.ts';
import { LATER, OBJECTS, SPARSE } from './test/fake-objects.ts';

function attached(): { state: State; recorder: Recorder; heap: FakeHeap } {
  const state = new State();
  const recorder = new Recorder(state, () => Date.now());
  const heap = new FakeHeap();
  recorder.attach(heap);
  return { state, recorder, heap };
}

/** Lets time pass in steps: a timer that sets the next one sees the moment it ran at. */
function pass(t: TestContext, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 50) t.mock.timers.tick(50);
}

test('samples come at the interval, none in a pause but those asked for', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder } = attached();
  assert.equal(state.history.value.recorded, 1, 'one at once');
  pass(t, 1000);
  assert.equal(state.history.value.recorded, 5, 'four a second, where nothing is chosen');
  state.interval.set(100);
  pass(t, 1000);
  assert.equal(state.history.value.recorded, 15);
  state.paused.set(true);
  pass(t, 5000);
  recorder.sample('opening');
  assert.equal(state.history.value.recorded, 15);
  recorder.take();
  assert.equal(state.history.value.recorded, 16);
  state.paused.set(false);
  pass(t, 100);
  assert.equal(state.history.value.recorded, 17);
  mock.reset();
});

test('the map is read when it is shown, with the granule it asks for', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state } = attached();
  state.granule.set(8192);
  const granule = (): number | undefined => state.map.value?.granule;
  assert.equal(granule(), undefined);
  state.tab.set('map');
  assert.equal(granule(), 8192);
  state.granule.set(16_384);
  assert.equal(granule(), 16_384);
});

test('a sample reads the heap once, the map with it when that is shown', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder, heap } = attached();
  state.granule.set(8192);
  const sampled = t.mock.method(heap, 'sample');
  recorder.take();
  state.tab.set('map');
  const mapped = t.mock.method(heap, 'map');
  recorder.take();
  assert.deepEqual(sampled.mock.calls.map((call) => call.arguments), [[undefined], [8192]]);
  assert.equal(mapped.mock.callCount(), 1, 'by the sample itself');
  assert.equal(state.map.value?.cells, state.summary.value === undefined ? 0 : state.summary.value.memoryBytes / 8192);
});

test('past maps are kept while the map is looked at, out of what samples read anyway', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, heap } = attached();
  const wait = (seconds: number): void => {
    for (let quarter = 0; quarter < seconds * 4; quarter += 1) t.mock.timers.tick(250);
  };
  const mapped = t.mock.method(heap, 'map');
  state.granule.set(8192);
  wait(3);
  assert.equal(state.history.value.maps.all.length, 0);
  state.tab.set('map');
  heap.work(2_000_000);
  wait(5);
  state.tab.set('overview');
  wait(5);
  assert.deepEqual(state.history.value.maps.all.map(({ time }) => time), [3.25, 5.25, 7.25]);
  assert.equal(mapped.mock.callCount(), 21, 'once when the map was opened, and by each of the 20 samples');
  const last = state.history.value.maps.all.at(-1);
  assert.deepEqual([last?.pages, last?.granule, last?.cells.length], [state.summary.value?.pages, 8192, state.map.value?.cells]);
});

test('a sample brings object caches, and their history with it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder, heap } = attached();
  assert.deepEqual(state.objects.value, NOTHING);
  heap.objects = OBJECTS;
  t.mock.timers.tick(1000);
  heap.objects = LATER;
  recorder.take('tidying up');
  assert.deepEqual(state.objects.value, LATER);
  const { objects } = state.history.value;
  assert.deepEqual(objects.last, { time: 1, rows: LATER.objectCaches });
  assert.equal(objects.consolidation(SPARSE.number)?.during, 'tidying up');
});

test('a heap that cannot be read is said, and said no more when it can be again', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder, heap } = attached();
  const broken = t.mock.method(heap, 'sample', () => { throw new Error('The slab record at 0x00012340 is damaged.'); });
  recorder.take();
  assert.equal(state.trouble.value, 'The slab record at 0x00012340 is damaged.');
  assert.equal(state.history.value.recorded, 1);
  broken.mock.restore();
  recorder.take();
  assert.equal(state.trouble.value, '');
});

test('work between two samples is named in the growth that it caused', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder, heap } = attached();
  recorder.sample();
  heap.work(500_000);
  recorder.sample('opening big.json');
  assert.equal(state.history.value.growths.at(-1)?.during, 'opening big.json');
});

/** A recorder on a heap of which a sample takes `reading` milliseconds, and time that passes for both. */
function slow(t: TestContext, reading: number): { state: State; recorded: (milliseconds: number) => number } {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const state = new State();
  const recorder = new Recorder(state, () => now);
  const heap = new FakeHeap();
  const sample = heap.sample();
  t.mock.method(heap, 'sample', () => {
    now += reading;
    return sample;
  });
  recorder.attach(heap);
  const recorded = (milliseconds: number): number => {
    const before = state.history.value.recorded;
    for (const end = now + milliseconds; now < end; now += 10) t.mock.timers.tick(10);
    return state.history.value.recorded - before;
  };
  return { state, recorded };
}

test('reading a heap takes less than half a hundredth of the time, unless a person chose how often', (t) => {
  const { state, recorded } = slow(t, 5);
  recorded(3000);
  const gently = recorded(30_000);
  assert.ok(gently >= 20 && gently * 5 <= 150, `${gently} samples of 5 ms in 30 s`);
  assert.ok(Math.abs((state.every.value ?? 0) - 1255) < 1, `${state.every.value} ms from sample to sample`);
  state.interval.set(250);
  const chosen = recorded(30_000);
  assert.ok(chosen > 100 && chosen <= 121, `${chosen} samples`);
  assert.equal(state.every.value, 250);
});

test('what nobody asked for is said to be so while it is set', (t) => {
  const { state, recorded } = slow(t, 1);
  const unasked: boolean[] = [];
  state.history.watch(() => unasked.push(state.unasked));
  recorded(1000);
  assert.ok(unasked.length >= 3 && unasked.every((it) => it));
  state.tab.set('map');
  assert.equal(state.unasked, false);
});

test('who lets go of the heap, or begins with another, when hearing of a sample leaves one timer at most', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder } = attached();
  const stop = state.history.watch(() => {
    stop();
    recorder.attach(new FakeHeap());
  });
  const sampled = t.mock.method(recorder, 'sample');
  pass(t, 2000);
  assert.equal(sampled.mock.callCount(), 8, 'not twice as many');
  const last = state.history.watch(() => {
    last();
    recorder.detach();
  });
  pass(t, 2000);
  assert.equal(sampled.mock.callCount(), 9);
});

test('a heap that takes long to read is sampled less often than was chosen, so that the page stays alive', (t) => {
  const { state, recorded } = slow(t, 200);
  state.interval.set(250);
  const taken = recorded(8000);
  assert.ok(taken >= 9 && taken <= 10, `${taken}: 200 ms of reading and at least 600 ms of rest`);
});

test('segments are read when they are shown: with each sample, for another arena, for another filter that makes sense', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, recorder, heap } = attached();
  heap.lend();
  recorder.take();
  const listed = t.mock.method(heap, 'segments');
  recorder.take();
  state.query.set({ ...WHOLE, least: '8k' });
  assert.equal(listed.mock.callCount(), 0, 'nobody looks');
  state.tab.set('arenas');
  assert.deepEqual(listed.mock.calls.at(-1)?.arguments, [HEAP_ARENA, { order: 'address', offset: 0, limit: PAGE, minLength: 8192 }]);
  recorder.take();
  assert.equal(listed.mock.callCount(), 2);
  state.query.set({ ...WHOLE, arena: FRAMES });
  assert.equal(state.segments.value?.arena, FRAMES);
  state.query.set({ ...WHOLE, arena: FRAMES, least: 'marble' });
  assert.equal(listed.mock.callCount(), 3, 'not for a mistake');
  state.tab.set('map');
  recorder.take();
  assert.equal(listed.mock.callCount(), 3);
});

test('segments that cannot be listed are said so beside them only', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state, heap } = attached();
  t.mock.method(heap, 'segments', () => { throw new Error('there is no arena 7'); });
  state.tab.set('arenas');
  assert.deepEqual(state.segments.value, { arena: HEAP_ARENA, sentence: 'there is no arena 7' });
  assert.equal(state.trouble.value, '');
});

test('a page that is no more gives its place to the last one', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { state } = attached();
  state.tab.set('arenas');
  state.query.set({ ...WHOLE, offset: 40 * PAGE });
  assert.equal(state.query.value.offset, 0);
  assert.ok(state.segments.value !== undefined && 'list' in state.segments.value && state.segments.value.list.rows.length > 0);
});

test('where listing takes long, changes of the filter wait, and only the last one is listed', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const state = new State();
  const recorder = new Recorder(state, () => now);
  const heap = new FakeHeap();
  recorder.attach(heap);
  state.paused.set(true);
  const listed = t.mock.method(heap, 'segments', () => {
    now += 100;
    return { matching: 0, length: 0, rows: [] };
  });
  state.tab.set('arenas');
  for (const least of ['1k', '2k', '4k', '8k']) {
    now += 10;
    t.mock.timers.tick(10);
    state.query.set({ ...WHOLE, least });
  }
  assert.equal(listed.mock.callCount(), 1);
  now += 300;
  t.mock.timers.tick(300);
  assert.equal(listed.mock.callCount(), 2);
  const [, filter] = listed.mock.calls.at(-1)?.arguments ?? [];
  assert.equal(filter?.minLength, 8192);
});
