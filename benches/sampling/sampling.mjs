// Measures what sampling costs: `cargo xtask sampling` makes the builds and calls this with V8's flags.
// All columns take turns within each round; a ratio is the median of the ratios within the rounds.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { byTurns } from '../runner/bench.mjs';
import * as chromium from '../runner/chromium.mjs';
import { table } from '../runner/report.mjs';
import { median, ratio, spread } from '../runner/statistics.mjs';

const KIB = 1024;
const CHURNS = ['churn-1k', 'churn-10k', 'churn-100k'];
/** Runs in a step: long enough that samples are as far apart as they are in a program that runs for long. */
const TIMES = 8;
/** Replaced objects of a step: one request and one free each. */
const PAIRS = 1_500_000 * TIMES;
const COLUMNS = [
  { name: 'default', build: 'default', bytes: 0, stacks: 0 },
  { name: 'audit, off', build: 'sites', bytes: 0, stacks: 0 },
  { name: '512k,200', build: 'sites', bytes: 512 * KIB, stacks: 200 },
  { name: '64k,200', build: 'sites', bytes: 64 * KIB, stacks: 200 },
  { name: '512k', build: 'sites', bytes: 512 * KIB, stacks: 0 },
  { name: '64k', build: 'sites', bytes: 64 * KIB, stacks: 0 },
  { name: '16k', build: 'sites', bytes: 16 * KIB, stacks: 0 },
];

const { values: options } = parseArgs({
  options: { folder: { type: 'string' }, repeat: { type: 'string' }, chromium: { type: 'string' }, url: { type: 'string' }, v8: { type: 'string' } },
});
const repeat = Number(options.repeat);
const engine = options.chromium
  ? await chromium.open({ program: options.chromium, url: options.url, v8: options.v8 })
  : await here(options.folder);
try {
  for (const build of ['default', 'sites']) await engine.take('begin', `${build}/sampling_bg`, build);
  const blocks = [];
  for (const [kind, churn] of CHURNS.entries()) {
    const samples = await measure(kind);
    const [plain, off] = COLUMNS;
    const times = (column) => samples.get(column).map(({ milliseconds }) => milliseconds);
    const against = (base) => COLUMNS.map((column) => ratio(times(column), times(base)).toFixed(3));
    blocks.push(
      [churn, ...COLUMNS.map((column) => `${((median(times(column)) * 1e6) / PAIRS).toFixed(1)} ns`)],
      ['  to the default build', ...against(plain)],
      ['  to audit, off', '', ...against(off).slice(1)],
      ['  fastest, to the default build', ...COLUMNS.map((column) => (Math.min(...times(column)) / Math.min(...times(plain))).toFixed(3))],
      ['  spread', ...COLUMNS.map((column) => `${(spread(times(column)) * 100).toFixed(1)} %`)],
    );
  }
  console.log(`${cpus()[0].model}, ${cpus().length} cores, ${engine.about}, ${repeat} rounds, ns for a request and a free\n`);
  console.log(table([['', ...COLUMNS.map(({ name }) => name)], ...blocks]));
} finally {
  await engine.close();
}

async function measure(kind) {
  const samples = new Map(COLUMNS.map((column) => [column, []]));
  let fold;
  for (let round = 0; round <= repeat; round++) {
    for (const column of byTurns(COLUMNS, round)) {
      const result = await engine.take('run', `${column.build}/sampling_bg`, column.build, kind, column.bytes, column.stacks, TIMES);
      fold ??= result.fold;
      if (result.fold !== fold) throw new Error(`${CHURNS[kind]}: ${column.name} ends with ${result.fold}, not ${fold}`);
      if ((result.estimate > 0) !== (column.bytes > 0)) throw new Error(`${column.name}: samples say ${result.estimate} bytes`);
      if (round > 0) samples.get(column).push(result);
    }
  }
  return samples;
}

/** This process as an engine. */
async function here(folder) {
  const { step } = await import(pathToFileURL(join(folder, 'measure.mjs')).href);
  const modules = new Map();
  const load = (name) => {
    if (!modules.has(name)) modules.set(name, new WebAssembly.Module(readFileSync(join(folder, `${name}.wasm`))));
    return modules.get(name);
  };
  return {
    about: `node ${process.versions.node} (V8 ${process.versions.v8})`,
    take: async (name, module, ...rest) => step(name, load(module), ...rest),
    close: async () => {},
  };
}
