// Records a workload: `cargo xtask record` builds the module with its recorder and calls this.

import { renameSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SEED } from '../runner/measure.mjs';
import { fail, load, recording, text } from './module.mjs';

/** Where in the header of a trace the name is, and its bytes. */
const NAME = { start: 64, bytes: 64 };

const { values: options } = parseArgs({
  options: { module: { type: 'string' }, workload: { type: 'string' }, file: { type: 'string' } },
});
const unfinished = `${options.file}.part`;
const file = recording(unfinished);
const exports = load(options.module, file.imports);
file.of(exports);

const names = Array.from({ length: exports.workload_count() }, (_, index) =>
  text(exports, exports.workload_name(index), exports.workload_name_len(index)));
const index = names.indexOf(options.workload);
if (index < 0) fail(`no workload is called ${options.workload}; there are ${names.join(', ')}`);

exports.prepare(index, SEED);
exports.run(index, SEED);
exports.recorder_flush();
file.put(NAME.start, new TextEncoder().encode(options.workload).subarray(0, NAME.bytes));
file.close();
// Whoever finds the file finds all of it.
renameSync(unfinished, options.file);
