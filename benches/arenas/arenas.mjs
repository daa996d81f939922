// Measures arenas: `cargo xtask arenas` builds the module and calls this with V8's flags.
// One line for each kind of call, one column for each number of held segments: nanoseconds for giving one back and taking one,
// the median of the repetitions, which go over all cells in turn, less what the loop takes without calls; then how much that is of the first column.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

/** As in `begin` of the module. */
const KINDS = [
  'take and give back at once',
  'give back any, take another',
  '  the same, best fit',
  'to 16 quanta, at once',
  '  the same, quantum caches',
  'to 16 quanta, any and another',
  '  the same, quantum caches',
  'ids, lowest first',
  'ids, as late as possible',
  'the loop alone',
];
/** Those that touch what they took last only. */
const AT_ONCE = [0, 3, 4];
/** What is taken off all others. */
const LOOP = KINDS.length - 1;
const SEGMENTS = [100, 1_000, 10_000, 100_000, 1_000_000];
/** Best fit looks through lists that are as long as the arena; more than this says nothing new. */
const BEST_MAX = 10_000;
const PAIRS = 50_000;

const { values: options } = parseArgs({ options: { module: { type: 'string' }, repeat: { type: 'string', default: '5' } } });
const repeat = Number(options.repeat);
const module = new WebAssembly.Module(readFileSync(options.module));

const median = (values) => values.toSorted((one, other) => one - other)[values.length >> 1];

function measure(kind, segments) {
  const { exports } = new WebAssembly.Instance(module, {});
  exports.begin(kind, segments);
  exports.run(PAIRS / 10);
  const pairs = kind === 2 ? PAIRS / 10 : PAIRS;
  const start = performance.now();
  exports.run(pairs);
  const nanoseconds = ((performance.now() - start) * 1e6) / pairs;
  if (exports.end() !== segments) throw new Error(`${KINDS[kind]}: segments got lost`);
  return nanoseconds;
}

const cells = KINDS.flatMap((_, kind) => SEGMENTS.filter((segments) => kind !== 2 || segments <= BEST_MAX).map((segments) => ({ kind, segments, samples: [] })));
for (let round = 0; round < repeat; round++) {
  for (const cell of cells) {
    cell.samples.push(measure(cell.kind, cell.segments));
    globalThis.gc?.();
  }
}
const row = (name, values) => console.log([name.padEnd(30), ...values.map((value) => value.padStart(15))].join(''));
console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.versions.node}, median of ${repeat}, ns for a pair of calls (and of the first column)\n`);
row('held segments', SEGMENTS.map((segments) => segments.toLocaleString('en')));
const times = KINDS.map((_, kind) => cells.filter((cell) => cell.kind === kind).map((cell) => median(cell.samples)));
for (const [kind, name] of KINDS.entries()) {
  // What is taken and given back at once stays in the caches, whatever else is held.
  const calls = times[kind].map((time, column) => (kind === LOOP ? time : time - times[LOOP][AT_ONCE.includes(kind) ? 0 : column]));
  row(name, calls.map((time) => `${time.toFixed(0)} (${(time / calls[0]).toFixed(2)})`));
}
