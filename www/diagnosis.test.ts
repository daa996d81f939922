/** Claim: diagnosis is read with samples where it is shown and now and then elsewhere, logs only while they are looked at, names when frames are first shown. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { WHOLE_LOG } from './model/diagnosis.ts';
import { nameless } from './model/frames.ts';
import type { Frame } from './model/symbols.ts';
import { Recorder } from './recorder.ts';
import { State } from './state.ts';
import type { SymbolState } from './symbols.ts';
import { ENTRIES, FRAMES, OBJECT, REPORT } from './test/fake-audit.ts';
import { FakeHeap } from './test/fake-engine.ts';

function attached(t: TestContext, report: FakeHeap['report'] = REPORT): { state: State; recorder: Recorder; heap: FakeHeap } {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const state = new State();
  const recorder = new Recorder(state, () => Date.now());
  const heap = new FakeHeap();
  heap.report = report;
  heap.entries = ENTRIES;
  recorder.attach(heap);
  return { state, recorder, heap };
}

/** Names as a store of symbols gives them: more of them after `more`. */
class Names {
  state: SymbolState = 'none';
  asked: number[][] = [];
  known: ReadonlyMap<number, readonly Frame[]> = new Map();
  #watchers: (() => void)[] = [];

  watch(watcher: () => void): () => void {
    this.#watchers.push(watcher);
    return () => {};
  }

  resolve(offsets: Iterable<number>): Promise<Map<number, Frame[]>> {
    this.asked.push([...offsets]);
    return Promise.resolve(new Map([...offsets].map((offset) => [offset, [...(this.known.get(offset) ?? [nameless(offset)])]])));
  }

  more(): void {
    this.known = FRAMES;
    this.state = 'lines';
    for (const watcher of this.#watchers) watcher();
  }
}

test('the report comes with each sample where it is shown, else every two seconds', (t) => {
  const { state, heap } = attached(t);
  const read = t.mock.method(heap, 'audit');
  // The mocked clock goes as far as it is asked to before timers run.
  const pass = (ticks: number): void => {
    for (let tick = 0; tick < ticks; tick += 1) t.mock.timers.tick(250);
  };
  pass(16);
  assert.equal(read.mock.callCount(), 2);
  state.tab.set('sites');
  assert.equal(read.mock.callCount(), 3, 'at once');
  pass(4);
  assert.equal(read.mock.callCount(), 7);
});

test('faults are seen when their view is shown', (t) => {
  const { state } = attached(t);
  assert.equal(state.diagnosis.seen.value, 0);
  state.tab.set('faults');
  assert.equal(state.diagnosis.seen.value, REPORT.faultsEver);
});

test('a module without diagnosis has no report, and nothing else is asked of it', (t) => {
  const { state, recorder, heap } = attached(t, null);
  assert.deepEqual(state.diagnosis.audit.value, { report: null });
  const history = t.mock.method(heap, 'history');
  assert.deepEqual(recorder.diagnosis.past(OBJECT), []);
  assert.equal(history.mock.callCount(), 0);
});

test('what cannot be read is said there, and the heap is still sampled', (t) => {
  const { state, recorder, heap } = attached(t);
  t.mock.method(heap, 'audit', () => { throw new Error('damaged'); });
  state.tab.set('faults');
  assert.deepEqual(state.diagnosis.audit.value, { sentence: 'damaged' });
  t.mock.method(heap, 'log', () => { throw new Error('no log'); });
  state.tab.set('log');
  assert.deepEqual(state.diagnosis.log.value, { sentence: 'no log' });
  recorder.take();
  assert.equal(state.trouble.value, '');
  assert.equal(state.history.value.recorded, 2);
});

test('logs are read while they are looked at, with the filter, and not for a mistake', (t) => {
  const { state, recorder, heap } = attached(t);
  const listed = t.mock.method(heap, 'log');
  recorder.take();
  state.diagnosis.logQuery.set({ ...WHOLE_LOG, site: '2' });
  assert.equal(listed.mock.callCount(), 0, 'nobody looks');
  state.tab.set('log');
  assert.deepEqual(listed.mock.calls.at(-1)?.arguments, [{ limit: 500, site: 2 }]);
  recorder.take();
  assert.equal(listed.mock.callCount(), 2);
  state.diagnosis.logQuery.set({ ...WHOLE_LOG, site: 'marble' });
  assert.equal(listed.mock.callCount(), 2);
  state.tab.set('map');
  recorder.take();
  assert.equal(listed.mock.callCount(), 2);
});

test('the past of an address stays fresh while the log is looked at', (t) => {
  const { state, recorder, heap } = attached(t);
  recorder.diagnosis.ask(OBJECT + 3);
  assert.deepEqual(state.diagnosis.past.value?.entries.map(({ event }) => event), ['released', 'free', 'contents', 'alloc', 'slab made']);
  heap.entries = [];
  recorder.take();
  assert.equal(state.diagnosis.past.value?.entries.length, 5);
  state.tab.set('log');
  recorder.take();
  assert.equal(state.diagnosis.past.value?.entries.length, 0);
  recorder.diagnosis.ask(undefined);
  assert.equal(state.diagnosis.past.value, undefined);
});

test('a text is left for the module; one that makes no sense is said to be so', (t) => {
  const { state, recorder, heap } = attached(t);
  recorder.diagnosis.configure('audit=all');
  assert.deepEqual(heap.configured, ['audit=all']);
  assert.deepEqual(state.diagnosis.sent.value, { text: 'audit=all', sentence: '' });
  const { audit } = state.diagnosis;
  assert.equal(audit.value !== undefined && 'report' in audit.value ? audit.value.report?.command : '', 'waiting', 'read again at once');
  recorder.diagnosis.configure('marble');
  assert.match(state.diagnosis.sent.value?.sentence ?? '', /marble/);
});

test('a trace is bytes, or a sentence', (t) => {
  const { recorder, heap } = attached(t);
  assert.deepEqual(recorder.diagnosis.trace(), new TextEncoder().encode('a trace'));
  t.mock.method(heap, 'trace', () => { throw new Error('no log of transactions'); });
  assert.equal(recorder.diagnosis.trace(), 'no log of transactions');
});

test('frames are named when they are first shown, once, and again when more is known', async (t) => {
  const { state, recorder } = attached(t);
  const names = new Names();
  recorder.diagnosis.symbols = names;
  recorder.take();
  const times = (): number => names.asked.length;
  assert.equal(times(), 0, 'nobody looks');
  state.tab.set('sites');
  recorder.take();
  const offsets = new Set(REPORT.sites.flatMap(({ frames }) => frames));
  assert.deepEqual(names.asked.map((some) => some.length), [offsets.size]);
  await Promise.resolve();
  assert.deepEqual(state.diagnosis.frames.value.get(0x2a0), [nameless(0x2a0)]);
  names.more();
  await Promise.resolve();
  assert.equal(times(), 2);
  assert.equal(state.diagnosis.frames.value.get(0x2a0)?.[0]?.function, 'demo::csv::read');
  recorder.take();
  assert.equal(times(), 2);
});

test('calls are read where lifetimes are looked at, once for each change of the log, and anew from another heap', (t) => {
  const { state, recorder, heap } = attached(t);
  const read = t.mock.method(heap, 'log');
  t.mock.timers.tick(2500);
  state.tab.set('faults');
  assert.equal(read.mock.callCount(), 0);
  state.tab.set('sites');
  recorder.take();
  assert.deepEqual(read.mock.calls.map(({ arguments: given }) => given), [[{ logs: ['transactions'], limit: 10_000 }]]);
  const { value } = state.diagnosis.calls;
  assert.ok(value !== undefined && 'list' in value && value.list.entries.length === 65, 'no entry of another log');
  heap.report = { ...REPORT, logs: [{ name: 'transactions', entries: 1211, kept: 62, bytes: 65_536 }] };
  recorder.take();
  recorder.take();
  assert.equal(read.mock.callCount(), 2);
  t.mock.method(heap, 'log', () => { throw new Error('damaged'); });
  heap.report = { ...REPORT, logs: [{ name: 'transactions', entries: 1212, kept: 62, bytes: 65_536 }] };
  recorder.take();
  assert.deepEqual(state.diagnosis.calls.value, { sentence: 'damaged' });
  const other = new FakeHeap();
  other.report = null;
  recorder.attach(other);
  assert.equal(state.diagnosis.calls.value, undefined);
});
