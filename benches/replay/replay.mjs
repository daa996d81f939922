// Replays a trace in a wasm module on its global allocator, and prints what came of it as the program `replay` does.
// `cargo xtask replay --wasm` builds the module and calls this with V8's flags.

import { fstatSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PAGE, fail, fault, length, load } from './module.mjs';

/** How many events are decoded together, outside of the time that is measured. */
const BATCH = 4096;
/** Bytes of a trace's header. */
const HEADER = 128;

const { values: options } = parseArgs({
  options: {
    module: { type: 'string' },
    trace: { type: 'string' },
    samples: { type: 'string' },
    closely: { type: 'boolean', default: false },
  },
});
const exports = load(options.module);
const begin = { bytes: length(exports), heap: exports.__heap_base.value >>> 0 };
const file = openSync(options.trace, 'r');
const bytes = fstatSync(file).size;

const events = exports.replay_begin(feed(0, HEADER), bytes);
if (events < 0) fail(fault(exports));
const samples = Number(options.samples);
const lines = [];
let position = HEADER;
let fed = 0;
let done = 0;
let milliseconds = 0;
next();
for (let index = 1; index <= samples; index++) {
  const until = Math.floor((events * index) / samples);
  while (done < until) {
    let decoded = exports.replay_decode(Math.min(BATCH, until - done));
    if (decoded === 0) {
      next();
      decoded = exports.replay_decode(Math.min(BATCH, until - done));
    }
    if (decoded < 0) fail(`operation ${done}: ${fault(exports)}`);
    if (decoded === 0) fail(`operation ${done}: the events end before they are all told`);
    const start = performance.now();
    const played = exports.replay_play();
    milliseconds += performance.now() - start;
    done += played;
    if (played < decoded) fail(`operation ${done}: ${fault(exports)}`);
  }
  lines.push(sample());
}
console.log(`nanoseconds ${Math.round(milliseconds * 1e6)}`);
console.log(`pages ${(length(exports) - begin.bytes) / PAGE}`);
console.log(`peak ${exports.replay_peak()}`);
for (const line of lines) console.log(`sample ${line.join(' ')}`);

/** Puts bytes of the file into the module; how many. */
function feed(start, most) {
  const piece = new Uint8Array(exports.memory.buffer, exports.piece() >>> 0, Math.min(most, exports.piece_len()));
  return readSync(file, piece, 0, piece.length, start);
}

/** Hands on to the next piece of the file, from the first event that was not decoded. */
function next() {
  if (fed) position += exports.replay_consumed();
  fed = feed(position, Infinity);
  exports.replay_feed(fed);
}

/** The figures of a moment: operations, live bytes, bytes of the heap, and what flagstone counts where that is asked for. */
function sample() {
  const counted = options.closely ? exports.sample_take() : 0;
  const figures = new Float64Array(exports.memory.buffer, exports.sample_figures() >>> 0, counted);
  return [done, exports.replay_live(), length(exports) - begin.heap, ...figures];
}
