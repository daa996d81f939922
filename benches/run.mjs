// The bench in Node: `cargo xtask bench` builds the modules and calls this with V8's flags.
// What is measured and how is told in README.md beside this file.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { firstAllocation, initial, ledger, run, workloads } from './runner/measure.mjs';
import { REFERENCE, figures, means, pagesBeyond, text } from './runner/report.mjs';

/** One seed for all: the programs are the same on every machine. */
const SEED = 20260824n;

const { values: options } = parseArgs({
  options: {
    modules: { type: 'string' },
    allocators: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    repeat: { type: 'string', default: '7' },
    json: { type: 'string' },
  },
});
const names = options.allocators.split(',');
const repeat = Number(options.repeat);
if (!Number.isInteger(repeat) || repeat < 1) fail(`--repeat wants a number of at least 1, not ${options.repeat}`);

const load = (name) => new WebAssembly.Module(readFileSync(join(options.modules, `${name}.wasm`)));
const timed = Object.fromEntries(names.map((name) => [name, load(name)]));
const counted = Object.fromEntries(names.map((name) => [name, load(`${name}-ledger`)]));
const chosen = choose(workloads(timed[names[0]]));

const requests = new Map(chosen.map((workload) => [workload, sameRequests(workload)]));
const samples = measure();
const base = initial(timed[REFERENCE]);
const rows = chosen.map((workload) => figures(workload, requests.get(workload), samples.get(workload), base));
const report = {
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.versions.node, v8: process.versions.v8 },
  repeat,
  seed: String(SEED),
  names,
  rows,
  means: means(rows, names),
  firstAllocation: Object.fromEntries(names.map((name) => [name, pagesBeyond(base, firstAllocation(timed[name]))])),
};
const { cpu, cores, node, v8 } = report.machine;
console.log(`${cpu}, ${cores} cores, node ${node} (V8 ${v8}), ${repeat} repetitions\n`);
console.log(text(report));
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`);

/** The workloads whose names contain one of `--only`, or all. */
function choose(all) {
  const wanted = options.only.flatMap((list) => list.split(','));
  const unknown = wanted.filter((part) => !all.some(({ name }) => name.includes(part)));
  if (unknown.length > 0) fail(`no workload is called ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.some((part) => name.includes(part)));
}

/** What the workload asks for, after proof that it asks every allocator for the same. */
function sameRequests(workload) {
  const books = names.map((name) => ledger(counted[name], workload.index, SEED));
  for (const [i, book] of books.entries()) {
    for (const what of ['stream', 'checksum', 'operations', 'peakLive']) {
      if (book[what] !== books[0][what]) {
        fail(`${workload.name}: ${what} is ${book[what]} with ${names[i]} but ${books[0][what]} with ${names[0]}`);
      }
    }
    globalThis.gc?.();
  }
  return books[0];
}

/** All timed runs: a first round that counts for nothing, then `repeat` rounds. */
function measure() {
  const samples = new Map(chosen.map((workload) => [workload, Object.fromEntries(names.map((name) => [name, []]))]));
  for (let round = 0; round <= repeat; round++) {
    for (const [at, workload] of chosen.entries()) {
      progress(`round ${round} of ${repeat}: ${workload.name}`);
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(round + at + turn) % names.length];
        // The last instance's memory goes now, not in the middle of this run.
        globalThis.gc?.();
        const result = run(timed[name], workload.index, SEED);
        const expected = requests.get(workload).checksum;
        if (result.checksum !== expected) fail(`${workload.name}: ${name} ends with ${result.checksum}, not ${expected}`);
        if (round > 0) samples.get(workload)[name].push(result);
      }
    }
  }
  progress('');
  return samples;
}

/** Shows a line that the next one replaces, where somebody can see it. */
function progress(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

function fail(sentence) {
  progress('');
  console.error(`error: ${sentence}`);
  process.exit(1);
}
