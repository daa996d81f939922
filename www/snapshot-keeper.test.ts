/** Claim: snapshots are taken when they are asked for, by the timer and by growth, kept, compared, saved, opened and freed; what goes wrong is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST } from './model/snapshots.ts';
import { Recorder } from './recorder.ts';
import { SnapshotKeeper, type KeeperOptions } from './snapshot-keeper.ts';
import { State } from './state.ts';
import { FakeHeap } from './test/fake-engine.ts';
import { FakeSnapshot, figures, tally } from './test/fake-snapshots.ts';

interface Opened {
  state: State;
  recorder: Recorder;
  heap: FakeHeap;
  keeper: SnapshotKeeper;
  made: FakeSnapshot[];
}

function opened(options: KeeperOptions = {}): Opened {
  const state = new State();
  const recorder = new Recorder(state, () => Date.now());
  const heap = new FakeHeap();
  const made: FakeSnapshot[] = [];
  const snapshot = heap.snapshot.bind(heap);
  heap.snapshot = (note) => {
    const taken = snapshot(note);
    assert.ok(taken instanceof FakeSnapshot);
    made.push(taken);
    return taken;
  };
  recorder.attach(heap);
  state.paused.set(true);
  return { state, recorder, heap, made, keeper: new SnapshotKeeper(state, recorder, { now: () => 1_700_000_000_000, ...options }) };
}

const names = (state: State): string[] => state.snapshots.value.entries.map(({ name }) => name);

test('the newest two are compared, and their new objects listed', async () => {
  const { state, heap, keeper, made } = opened();
  await keeper.do({ kind: 'take' });
  assert.deepEqual([names(state), state.snapshots.value.pair], [['Snapshot 1'], undefined]);
  heap.work(50_000);
  await keeper.do({ kind: 'take', name: '  after the import ' });
  const { pair, diff, objects, entries } = state.snapshots.value;
  assert.deepEqual([names(state), pair], [['Snapshot 1', 'after the import'], [1, 2]]);
  assert.equal(diff?.objects.after.bytes, entries[1]?.figures.live.bytes);
  assert.notEqual(objects, undefined);
  assert.deepEqual(made[0]?.asked, [{ last: false, filter: { change: 'new', order: 'address', offset: 0, limit: 100 } }]);
  assert.equal(entries[1]?.figures.time, 1_700_000_000_000);
});

test('another choice lists anew, from the beginning; what is held now is asked of a third one, which is freed', async () => {
  const { state, keeper, made } = opened();
  for (let times = 0; times < 2; times += 1) await keeper.do({ kind: 'take' });
  await keeper.do({ kind: 'choose', choice: { offset: 100 } });
  await keeper.do({ kind: 'choose', choice: { by: 'sites', filter: 'x' } });
  assert.equal(made[0]?.asked.length, 2, 'the table is not the list');
  await keeper.do({ kind: 'choose', choice: { cache: 'class:40' } });
  assert.deepEqual([made[0]?.asked.at(-1)?.filter?.caches, state.snapshots.value.offset], [['class:40'], 0]);
  await keeper.do({ kind: 'choose', choice: { held: true } });
  assert.equal(made[0]?.asked.at(-1)?.last, true);
  assert.deepEqual(made.map(({ freed }) => freed), [false, false, true]);
  await keeper.do({ kind: 'choose', choice: { fate: 'freed' } });
  assert.equal(made[0]?.asked.at(-1)?.last, false, 'what was freed is not held');
  await keeper.do({ kind: 'choose', choice: { pair: [2, 1] } });
  assert.deepEqual([state.snapshots.value.cache, made[1]?.asked.length], [undefined, 1]);
});

test('what is forgotten is freed, and compares with nothing', async () => {
  const { state, keeper, made } = opened();
  for (let times = 0; times < 3; times += 1) await keeper.do({ kind: 'take' });
  await keeper.do({ kind: 'rename', id: 1, name: 'first' });
  await keeper.do({ kind: 'rename', id: 2, name: '  ' });
  await keeper.do({ kind: 'forget', id: 3 });
  assert.deepEqual(names(state), ['first', 'Snapshot 2']);
  assert.deepEqual([made[2]?.freed, state.snapshots.value.pair, state.snapshots.value.diff], [true, undefined, undefined]);
  for (let times = 0; times < MOST; times += 1) await keeper.do({ kind: 'take' });
  assert.deepEqual([names(state).length, made[0]?.freed], [MOST, true]);
});

test('the timer and growth take snapshots, without changing what is compared', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'] });
  const { state, recorder, heap, keeper } = opened();
  for (let times = 0; times < 2; times += 1) await keeper.do({ kind: 'take' });
  await keeper.do({ kind: 'auto', auto: { minutes: 5, growth: 0 } });
  for (let times = 0; times < 2; times += 1) t.mock.timers.tick(5 * 60_000);
  assert.deepEqual(names(state).slice(2), ['Snapshot 3, every 5 min', 'Snapshot 4, every 5 min']);
  assert.deepEqual(state.snapshots.value.pair, [1, 2]);
  assert.equal(state.snapshots.value.entries.at(-1)?.time, 600);
  await keeper.do({ kind: 'auto', auto: { minutes: 0, growth: 1024 * 1024 } });
  t.mock.timers.tick(60 * 60_000);
  recorder.take();
  assert.equal(names(state).length, 4);
  heap.work(600_000);
  recorder.take();
  assert.equal(names(state).length, 4, 'not yet enough');
  heap.work(600_000);
  recorder.take();
  recorder.take();
  assert.deepEqual(names(state).slice(4), ['Snapshot 5, +1 MiB']);
});

test('a heap that lies elsewhere is fetched before a snapshot that somebody asks for', async () => {
  const { state, recorder, heap, keeper } = opened();
  let renewed = 0;
  recorder.attach(heap, () => {
    renewed += 1;
    heap.work(50_000);
    return Promise.resolve();
  });
  const before = renewed;
  await keeper.do({ kind: 'take' });
  assert.equal(renewed, before + 1);
  assert.equal(state.snapshots.value.entries[0]?.figures.live.bytes, heap.sample().summary.liveBytes);
  recorder.detach();
});

test('one is saved under its name, and opened from a file with the name in it', async () => {
  const saved: [string, string][] = [];
  const from = (bytes: Uint8Array): FakeSnapshot => {
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith('good')) throw new Error('this is no snapshot of flagstone');
    return new FakeSnapshot(figures({ name: text.slice(5), live: tally(1, 8) }));
  };
  const { state, keeper } = opened({ load: () => Promise.resolve({ Snapshot: { from } }), save: (name, bytes) => void saved.push([name, new TextDecoder().decode(bytes)]) });
  await keeper.do({ kind: 'take', name: 'before' });
  await keeper.do({ kind: 'save', id: 1 });
  await keeper.do({ kind: 'save', id: 9 });
  assert.deepEqual(saved, [['before.flagsnap', 'before']]);
  const file = (name: string, text: string): File => new File([text], name);
  await keeper.do({ kind: 'open', file: file('a.flagsnap', 'good yesterday') });
  await keeper.do({ kind: 'open', file: file('b.flagsnap', 'good ') });
  assert.deepEqual(names(state), ['before', 'yesterday', 'b.flagsnap']);
  assert.deepEqual(state.snapshots.value.entries.map(({ time }) => time === undefined), [false, true, true]);
  await keeper.do({ kind: 'open', file: file('<b>.png', 'PNG') });
  assert.equal(state.snapshots.value.trouble, '<b>.png cannot be opened: this is no snapshot of flagstone.');
  assert.equal(names(state).length, 3);
  await keeper.do({ kind: 'take' });
  assert.equal(state.snapshots.value.trouble, '');
});

test('a heap that cannot be read is a sentence, and the peak is watched anew', async () => {
  const { state, heap, keeper } = opened();
  heap.snapshot = () => { throw new Error('the memory is gone'); };
  await keeper.do({ kind: 'take' });
  assert.deepEqual([state.snapshots.value.trouble, names(state)], ['the memory is gone', []]);
  assert.notEqual(state.history.value.peaks.peak, undefined);
  await keeper.do({ kind: 'mark-peak' });
  assert.equal(state.history.value.peaks.peak, undefined);
});
