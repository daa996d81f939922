// Measures object caches: `cargo xtask objects` builds the module and calls this with V8's flags.
// First nanoseconds for a pair of calls, the median of the repetitions, which go over all cells in turn, less what the loop takes
// without calls. Then what consolidation gives back, and pages that an app takes with and without a budget.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** As in `take` of the module. */
const KINDS = [
  'the loop alone',
  'global allocator, 64 bytes',
  'Cache, 64 bytes',
  'Cache, a zone',
  'Box::new of a decoder',
  'ObjectCache of decoders',
  'a decoder made, on the stack',
  'MovableCache, insert and remove',
];
/** What is taken off all others. */
const LOOP = 0;
const COLUMNS = [
  { name: 'at once', objects: 0, atOnce: true },
  { name: 'any of 1,000', objects: 1_000, atOnce: false },
  { name: 'any of 100,000', objects: 100_000, atOnce: false },
];
const PAIRS = 200_000;
/** A decoder is 2 KiB; so many of those say nothing new. */
const LARGE = [4, 5, 6];
const MIB = 1 << 20;

const { values: options } = parseArgs({ options: { module: { type: 'string' }, repeat: { type: 'string', default: '5' } } });
const repeat = Number(options.repeat);
const module = new WebAssembly.Module(readFileSync(options.module));
const start = () => new WebAssembly.Instance(module, {}).exports;
const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];

function measure({ kind, column }) {
  const { begin, run, end } = start();
  begin(kind, column.objects);
  run(PAIRS / 10, column.atOnce);
  const pairs = LARGE.includes(kind) ? PAIRS / 10 : PAIRS;
  const from = performance.now();
  run(pairs, column.atOnce);
  const nanoseconds = ((performance.now() - from) * 1e6) / pairs;
  if (end() !== column.objects) throw new Error(`${KINDS[kind]}: objects got lost`);
  return nanoseconds;
}

const cells = KINDS.flatMap((_, kind) =>
  COLUMNS.filter((column) => !LARGE.includes(kind) || column.objects <= 1_000).map((column) => ({ kind, column, samples: [] })),
);
for (let round = 0; round < repeat; round++) {
  for (const cell of cells) {
    cell.samples.push(measure(cell));
    globalThis.gc?.();
  }
}
const row = (name, values) => console.log([name.padEnd(34), ...values.map((value) => value.padStart(16))].join(''));
console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.versions.node}, median of ${repeat}, ns for a pair of calls\n`);
row('', COLUMNS.map((column) => column.name));
const time = (kind, column) => {
  const cell = cells.find((it) => it.kind === kind && it.column === column);
  return cell ? median(cell.samples) : undefined;
};
for (const [kind, name] of KINDS.entries()) {
  const values = COLUMNS.map((column) => {
    const value = time(kind, column);
    if (value === undefined) return '';
    return (kind === LOOP ? value : value - time(LOOP, column)).toFixed(1);
  });
  row(name, values);
}

console.log('\nConsolidation of objects of 64 bytes behind handles');
row('given up', ['slabs', 'after', 'ideal', 'of the ideal', 'ms']);
for (const percent of [50, 75, 90, 99]) {
  const { scatter, gather, ideal, wrong } = start();
  const before = scatter(100_000, percent);
  const from = performance.now();
  const after = gather();
  const milliseconds = performance.now() - from;
  if (wrong() !== 0) throw new Error('objects are not what they were');
  const freed = (before - after) / (before - ideal());
  row(`${percent} % of 100,000`, [`${before}`, `${after}`, `${ideal()}`, `${(freed * 100).toFixed(1)} %`, milliseconds.toFixed(1)]);
  if (freed < 0.85) throw new Error('less than 85 % of what ideal packing would free');
}

console.log('\nA map of 96 MiB of tiles, 50,000 looks');
row('budget', ['MiB of memory', 'tiles decoded']);
for (const limit of [0, 32]) {
  const { look_about, memory } = start();
  const decoded = look_about(limit * MIB, 50_000);
  if (decoded === 0) throw new Error('the app went above its budget');
  row(limit === 0 ? 'none' : `${limit} MiB`, [(memory.buffer.byteLength / MIB).toFixed(1), decoded.toLocaleString('en')]);
}
