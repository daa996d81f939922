// Soaks a wasm module's global allocator: `cargo xtask soak` builds the module and calls this with V8's flags.
// Prints a line for each twentieth of the operations. With `--strict` it fails where the memory grows in the second half, or
// by more than a twentieth after the first tenth.

import { parseArgs } from 'node:util';
import { PAGE, fail, fault, length, load } from './module.mjs';

/** Lines of the table. */
const LINES = 20;
/** After so many of them the memory has nearly the length that it will ever have. */
const SETTLED = 2;
/** By this share of that it may still grow: coincidences that are rare are ahead. */
const MORE = 0.05;
/** Sizes come round once in each line, and at least once in so many operations. */
const ROUND_MAX = 2e6;

const { values: options } = parseArgs({
  options: {
    module: { type: 'string' },
    name: { type: 'string' },
    operations: { type: 'string' },
    seed: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
});
const operations = Number(options.operations);
const exports = load(options.module);
const begin = length(exports);
const pages = () => (length(exports) - begin) / PAGE;
exports.soak_begin(BigInt.asIntN(64, BigInt(options.seed)), Math.min(operations / LINES, ROUND_MAX));

const cells = (...values) => console.log(values.map((value, column) => String(value).padStart(column ? 10 : 14)).join(' '));
console.log(`${options.name}, seed ${options.seed}`);
cells('operations', 'pages', 'live KiB', 'ns/op');
const grown = [];
for (let line = 1; line <= LINES; line++) {
  const before = exports.soak_operations();
  const start = performance.now();
  const well = exports.soak_run(Math.floor((operations * line) / LINES));
  const milliseconds = performance.now() - start;
  const done = exports.soak_operations();
  if (!well) fail(`${options.name}: operation ${done}: ${fault(exports)}`);
  grown.push(pages());
  const nanoseconds = (milliseconds * 1e6) / Math.max(1, done - before);
  cells(done, pages(), Math.round(exports.soak_live() / 1024), nanoseconds.toFixed(1));
}
const settled = grown[SETTLED - 1];
const more = grown.at(-1) - settled;
const last = more === 0 ? SETTLED : grown.findLastIndex((count, line) => count > grown[line - 1]) + 1;
const sentence = `${options.name}: after the first tenth the memory grew by ${more} pages, from ${settled} to ${grown.at(-1)} `
  + `(${((100 * more) / settled).toFixed(1)} %); it is flat since line ${last} of ${LINES}.`;
if (options.strict && (last > LINES / 2 || more > MORE * settled)) fail(sentence);
console.log(`${sentence}\n`);
