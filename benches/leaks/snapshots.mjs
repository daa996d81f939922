// Measures snapshots: `cargo xtask inspector` builds the page and the program of the search for leaks, serves the page, and calls this. In
// headless Chromium the program holds a million objects; a snapshot is taken, the program gives up some and makes others, another is taken,
// and the two are compared, listed, mapped, written and read.

import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** As those of the page tests. */
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const OBJECTS = 1_000_000;
/** The bars, in milliseconds and bytes. */
const BARS = { take: 100, diff: 200, held: 24 << 20 };
const ROUNDS = 9;

const { values: options } = parseArgs({
  options: { module: { type: 'string' }, url: { type: 'string' }, chromium: { type: 'string' }, repeat: { type: 'string', default: '3' } },
});
// The page's own packages, as `www/package-lock.json` names them.
const { chromium } = createRequire(new URL('../../www/package.json', import.meta.url))('playwright-core');

/** Runs in the page. */
async function measure({ objects, rounds }) {
  const engine = await import('/flagstone.js');
  await engine.default();
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/leaks.wasm'), {});
  const { plant, memory, __flagstone_root: root } = instance.exports;
  const heap = engine.attach({ memory, root });
  plant(objects, 0, 1);
  const times = {};
  const time = (name, run, free = () => {}) => {
    const all = [];
    let last;
    for (let round = 0; round < rounds; round += 1) {
      free(last);
      const begun = performance.now();
      last = run();
      all.push(performance.now() - begun);
    }
    times[name] = all.sort((a, b) => a - b)[rounds >> 1];
    return last;
  };
  const release = (snapshot) => snapshot?.free();
  const counters = JSON.stringify(heap.summary());
  const before = time('take', () => heap.snapshot(), release);
  const unchanged = JSON.stringify(heap.summary()) === counters;
  plant(objects / 10, 0, 1);
  const after = heap.snapshot();
  const diff = time('diff', () => before.diff(after));
  const list = time('list', () => before.objects(after, { order: 'length' }));
  time('map', () => heap.changes(65536, before));
  const bytes = time('write', () => before.bytes());
  time('read', () => engine.Snapshot.from(bytes), release);
  const { live, heldBytes, memoryBytes } = before.figures();
  const sums = diff.objects.new.count + diff.objects.surviving.count === after.figures().live.count && list.matching === diff.objects.new.count;
  return { times, unchanged, sums, live: live.count, heldBytes, memoryBytes, saved: bytes.length, changed: [diff.objects.new.count, diff.objects.freed.count] };
}

const browser = await chromium.launch({ executablePath: options.chromium, args: FLAGS });
const runs = [];
for (let round = 0; round < Number(options.repeat); round += 1) {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.route('**/leaks.wasm', (route) => route.fulfill({ path: options.module, contentType: 'application/wasm' }));
  await page.goto(options.url);
  runs.push(await page.evaluate(measure, { objects: OBJECTS, rounds: ROUNDS }));
  await page.close();
}
const version = browser.version();
await browser.close();

const { live, heldBytes, memoryBytes, saved, changed, unchanged, sums } = runs[0];
const best = (name) => Math.min(...runs.map(({ times }) => times[name]));
const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(2)} MiB`;
console.log(`${cpus()[0].model}, ${cpus().length} cores, Chromium ${version}, best of ${options.repeat} medians of ${ROUNDS}\n`);
console.log(`${live.toLocaleString('en')} live objects in ${mib(memoryBytes)}; between the two ${changed[0].toLocaleString('en')} are new, ${changed[1].toLocaleString('en')} freed`);
for (const [name, words] of [['take', 'taking one'], ['diff', 'comparing two'], ['list', 'listing what is new, longest first'], ['map', 'a map of changes since one'], ['write', 'to bytes'], ['read', 'from bytes']]) {
  console.log(`${words.padEnd(38)}${best(name).toFixed(1).padStart(8)} ms${BARS[name] === undefined ? '' : `   bar ${BARS[name]}`}`);
}
console.log(`${'in memory'.padEnd(38)}${mib(heldBytes).padStart(11)}   bar ${mib(BARS.held)}`);
console.log(`${'in a file'.padEnd(38)}${mib(saved).padStart(11)}`);
const mistakes = [];
if (!unchanged) mistakes.push('taking one changed counters of the heap');
if (!sums) mistakes.push('what is new and survives is not what is held');
if (best('take') > BARS.take || best('diff') > BARS.diff || heldBytes > BARS.held) mistakes.push('a bar is not met');
if (mistakes.length > 0) throw new Error(mistakes.join('; '));
