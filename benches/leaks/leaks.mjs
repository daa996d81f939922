// Measures the search for leaks: `cargo xtask leaks` builds the page and the program, serves the page, and calls this. In headless
// Chromium the program holds a million objects and loses a thousand; then the page's own code looks for them, in a worker as it does
// there, and on the page's thread as it does where there are no workers. How long the page stood still is what a heartbeat misses.

import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** As those of the page tests. */
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const OBJECTS = 1_000_000;
const LEAKS = 1_000;
/** Of what is called a leak, what may be none. */
const FALSE_SHARE = 0.01;
const MIB = 1 << 20;

const { values: options } = parseArgs({
  options: { module: { type: 'string' }, url: { type: 'string' }, chromium: { type: 'string' }, repeat: { type: 'string', default: '3' } },
});
// The page's own packages, as `www/package-lock.json` names them.
const { chromium } = createRequire(new URL('../../www/package.json', import.meta.url))('playwright-core');

/** Runs in the page: a program of its own each time, so that nothing is left of the one before. */
async function measure({ objects, leaks, rough, worker }) {
  const [{ findLeaks }, engine] = await Promise.all([import('/leak-finder.js'), import('/flagstone.js')]);
  await engine.default();
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/leaks.wasm'), {});
  const { plant, lost, memory, __flagstone_root: root } = instance.exports;
  const planted = plant(objects, leaks, rough ? 1 : 0);
  let [beats, last, longest] = [true, performance.now(), 0];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (beats) port2.postMessage(0);
  };
  port2.postMessage(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  longest = 0;
  const begun = performance.now();
  const { report, pause } = await findLeaks({ memory, root, roots: () => [] }, { stack: false, signal: new AbortController().signal, progress: () => {}, worker });
  const took = performance.now() - begun;
  beats = false;
  // The report has only some of the addresses: the same search tells of each.
  const scan = new engine.LeakScan(new Uint8Array(memory.buffer), root.value, { roots: [] });
  while (!scan.step(1_000).ended);
  let found = 0;
  for (let index = 0; index < leaks; index += 1) if (scan.reaches(~lost(index) >>> 0) === false) found += 1;
  scan.free();
  return { took, pause, longest, found, planted, bytes: memory.buffer.byteLength, report: { ...report, groups: [] } };
}

const browser = await chromium.launch({ executablePath: options.chromium, args: FLAGS });
console.log(`${cpus()[0].model}, ${cpus().length} cores, Chromium ${browser.version()}, best of ${options.repeat}\n`);
const row = (name, values) => console.log([name.padEnd(32), ...values.map((value) => value.padStart(14))].join(''));
row('', ['MiB', 'live objects', 'found', 'of', 'false', 'ms', 'longest pause']);
const mistakes = [];
for (const [name, rough, worker] of [
  ['plain, in a worker', false, true],
  ['plain, on the page’s thread', false, false],
  ['rough, in a worker', true, true],
]) {
  const runs = [];
  for (let round = 0; round < Number(options.repeat); round += 1) {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.route('**/leaks.wasm', (route) => route.fulfill({ path: options.module, contentType: 'application/wasm' }));
    await page.goto(options.url);
    runs.push(await page.evaluate(measure, { objects: OBJECTS, leaks: LEAKS, rough, worker }));
    await page.close();
  }
  const best = (value) => Math.min(...runs.map(value));
  const { found, planted, bytes, report } = runs[0];
  // What a planted leak holds is planted with it.
  const wrong = Math.max(0, report.lostObjects - planted);
  row(name, [(bytes / MIB).toFixed(0), report.liveObjects.toLocaleString('en'), `${found}`, `${LEAKS}`, `${wrong}`, best((run) => run.took).toFixed(0), `${best((run) => run.longest).toFixed(0)} ms`]);
  if (!rough && found < LEAKS) mistakes.push(`${name}: ${LEAKS - found} leaks were not found`);
  if (wrong > FALSE_SHARE * report.lostObjects) mistakes.push(`${name}: ${wrong} objects are none`);
}
await browser.close();
console.log('\nIn a plain program no word looks like an address that is none. A rough one has text, hash tables and random numbers, and uses memory again:');
console.log('what old words and such numbers point to is not found.');
if (mistakes.length > 0) throw new Error(mistakes.join('; '));
