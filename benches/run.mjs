// The bench: `cargo xtask bench` builds the modules and calls this with V8's flags.
// What is measured and how is told in README.md beside this file.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { bench } from './runner/bench.mjs';
import * as chromium from './runner/chromium.mjs';
import { SEED } from './runner/measure.mjs';
import * as node from './runner/node.mjs';
import { sweep } from './runner/sweep.mjs';

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' },
    allocators: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    repeat: { type: 'string', default: '7' },
    sweep: { type: 'boolean', default: false },
    json: { type: 'string' },
    // Where Chromium is, where the modules are served to it, and V8's flags for it; else this node measures.
    chromium: { type: 'string' },
    url: { type: 'string' },
    v8: { type: 'string' },
  },
});
const repeat = Number(options.repeat);
const names = options.allocators.split(',');
const only = options.only.flatMap((list) => list.split(','));

let engine;
try {
  if (!Number.isInteger(repeat) || repeat < 1) throw new Error(`--repeat wants a number of at least 1, not ${options.repeat}`);
  engine = options.chromium
    ? await chromium.open({ program: options.chromium, url: options.url, v8: options.v8 })
    : node.open(options.modules);
  const measured = options.sweep ? sweep : bench;
  const { report, say } = await measured(engine, { names, only, repeat, progress });
  progress('');
  const machine = { cpu: cpus()[0].model, cores: cpus().length, engine: engine.about };
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.engine}, ${repeat} repetitions\n\n${say}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, repeat, seed: String(SEED), names, ...report }, null, 1)}\n`);
} catch (error) {
  progress('');
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await engine?.close();
}

/** Shows a line that the next one replaces, where somebody can see it. */
function progress(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}
