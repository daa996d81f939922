// Measures the inspector: `cargo xtask inspector` builds the page and a program with a million objects, serves the page, and calls this. In
// headless Chromium the page looks at that program: how long each reading takes, what part of the time the page takes that does nothing but
// sample, how long frames of the map are while it is scrolled and zoomed, and how much memory the page needs besides the program's.

import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** As those of the page tests. */
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const OBJECTS = 1_000_000;
const MIB = 1 << 20;
/** Seconds for which the work of a page that does nothing but sample is added up. */
const WATCHED = 10;
/** Views that are looked at meanwhile. */
const VIEWS = ['overview', 'caches', 'map'];

const { values: options } = parseArgs({
  options: { module: { type: 'string' }, url: { type: 'string' }, chromium: { type: 'string' }, repeat: { type: 'string', default: '5' } },
});
// The page's own packages, as `www/package-lock.json` names them.
const { chromium } = createRequire(new URL('../../www/package.json', import.meta.url))('playwright-core');

/** Runs in the page: reads the program in each way so many times, and leaves the page attached to it. */
async function readings({ objects, repeat }) {
  const engine = await import('/flagstone.js');
  const { memory: own } = await engine.default();
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/leaks.wasm'), {});
  const { plant, memory, __flagstone_root: root } = instance.exports;
  plant(objects, 0, 1);
  const heap = engine.attach({ memory, root });
  const times = {};
  const timed = (name, read) => {
    const begun = performance.now();
    const value = read();
    (times[name] ??= []).push(performance.now() - begun);
    return value;
  };
  const before = heap.summary();
  for (let round = 0; round < repeat; round += 1) {
    timed('sample', () => heap.sample());
    timed('verdict', () => heap.verdict());
    timed('map in cells of 4 KiB', () => heap.map(4096));
    timed('map in the finest cells', () => heap.map(before.quantum));
    timed('pinned pages', () => heap.layer('pins', 4096));
  }
  const after = heap.summary();
  const counters = ({ allocations, frees, growths, memoryBytes }) => [allocations, frees, growths, memoryBytes].join();
  document.querySelector('inspector-app').recorder.attach(heap);
  return { times, summary: after, unchanged: counters(before) === counters(after), engine: own.buffer.byteLength };
}

/** Runs in the page, on the map: scrolls and zooms for some seconds, and says how long frames were. */
async function frames() {
  const app = document.querySelector('inspector-app');
  app.state.tab.set('map');
  const inside = (element, selector) => element.shadowRoot.querySelector(selector);
  let map;
  for (; map === undefined || map === null; await new Promise((resolve) => setTimeout(resolve, 100))) map = inside(app, 'heap-map');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const view = inside(map, '.window');
  const lengths = [];
  for (const key of [undefined, '+', '+', '+', '+', '+', '+', '-', '-', '-']) {
    if (key !== undefined) view.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    let last = await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < 40; frame += 1) {
      view.scrollTop += 90;
      const now = await new Promise(requestAnimationFrame);
      lengths.push(now - last);
      last = now;
    }
  }
  return lengths;
}

/** The part of the main thread that all tasks take, with a view shown or, without one, in a pause; and samples a second. */
async function share(page, session, view) {
  const recorded = () => page.evaluate(() => document.querySelector('inspector-app').state.history.value.recorded);
  await page.evaluate((shown) => {
    const { state } = document.querySelector('inspector-app');
    state.paused.set(shown === undefined);
    if (shown !== undefined) state.tab.set(shown);
  }, view);
  // What was just shown is drawn, and code that runs often is compiled.
  await page.waitForTimeout(4000);
  const spent = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  const [from, samples] = [await spent(), await recorded()];
  await page.waitForTimeout(WATCHED * 1000);
  const [to, taken] = [await spent(), await recorded()];
  const seconds = to.Timestamp - from.Timestamp;
  return { part: (to.TaskDuration - from.TaskDuration) / seconds, samples: (taken - samples) / seconds };
}

async function shares(page, session) {
  const rows = [];
  for (const view of [undefined, ...VIEWS]) rows.push([view ?? 'paused', await share(page, session, view)]);
  return rows;
}

const browser = await chromium.launch({ executablePath: options.chromium, args: FLAGS });
const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
page.setDefaultTimeout(0);
await page.route('**/leaks.wasm', (route) => route.fulfill({ path: options.module, contentType: 'application/wasm' }));
await page.goto(options.url);
await page.waitForFunction(() => document.querySelector('inspector-app')?.state?.phase.value.kind === 'attached');
const session = await page.context().newCDPSession(page);
await session.send('Performance.enable');
const ofDemo = await shares(page, session);
await page.evaluate(() => document.querySelector('inspector-app').state.paused.set(true));
const { times, summary, unchanged, engine } = await page.evaluate(readings, { objects: OBJECTS, repeat: Number(options.repeat) });
const ofMillion = await shares(page, session);
const lengths = await page.evaluate(frames);
await session.send('HeapProfiler.collectGarbage');
const { usedSize } = await session.send('Runtime.getHeapUsage');
await browser.close();

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const row = (name, value) => console.log(`${name.padEnd(46)}${value}`);
console.log(`${cpus()[0].model}, ${cpus().length} cores, Chromium ${browser.version()}, medians of ${options.repeat}\n`);
row('memory of the program', `${(summary.memoryBytes / MIB).toFixed(0)} MiB, ${summary.liveObjects.toLocaleString('en')} live objects`);
for (const [name, values] of Object.entries(times)) row(name, `${median(values).toFixed(1)} ms`);
for (const [title, rows] of [['main thread, demo', ofDemo], ['main thread, this program', ofMillion]]) {
  for (const [view, { part, samples }] of rows) row(`${title}, ${view}`, `${(part * 100).toFixed(2)} %${view === 'paused' ? '' : ` at ${samples.toFixed(1)} samples a second`}`);
}
const long = lengths.filter((length) => length > 32).length;
row('frames of the map, scrolled and zoomed', `${lengths.length}, median ${median(lengths).toFixed(1)} ms, longest ${Math.max(...lengths).toFixed(0)} ms, ${long} above 32 ms`);
row('memory of the page besides', `${(usedSize / MIB).toFixed(0)} MiB of JavaScript, ${(engine / MIB).toFixed(0)} MiB of the engine`);
if (!unchanged) throw new Error('the program’s counters changed while it was read');
