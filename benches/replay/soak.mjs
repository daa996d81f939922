// Soaks a wasm module's global allocator: `cargo xtask soak` builds the module and calls this with V8's flags.
// Prints a line for each twentieth of the operations. With `--strict` it fails unless the memory stays as long as it is
// after the first tenth.

import { parseArgs } from 'node:util';
import { PAGE, fail, fault, length, load } from './module.mjs';

/** Lines of the table. */
const LINES = 20;
/** After so many of them the memory has to be as long as it will ever be. */
const SETTLED = 2;
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
if (more === 0) {
  console.log(`${options.name}: the memory stays at ${settled} pages after the first tenth.\n`);
} else {
  const last = grown.findLastIndex((count, line) => count > grown[line - 1]) + 1;
  const share = ((100 * more) / settled).toFixed(1);
  const sentence = `${options.name}: after the first tenth the memory grew by ${more} pages, from ${settled} to ${grown.at(-1)} `
    + `(${share} %), last in line ${last} of ${LINES}.`;
  if (options.strict) fail(sentence);
  console.log(`${sentence}\n`);
}
