/**
 * What diagnosis needs of JavaScript: the stack as numbers, and a clock. The module calls in here, with numbers only, and nothing in here
 * throws or calls back. `crate/audit/js.rs` is the other side.
 *
 * A frame is the offset of its call in the bytes of the module. V8 tells it by its API for stacks; other engines, and V8 where that API is
 * not to be had, by the text of a stack: `name (URL:wasm-function[7]:0x8f8)`, `name@URL:wasm-function[7]:0x8f8`. Frames of other modules, and
 * of JavaScript, are left out: their numbers would mean nothing. An engine that tells no offsets has no frames.
 */

/** A frame of a module in text: what is before it ends with the module's address. */
const FRAME = /:wasm-function\[\d+\]:0x([0-9a-f]+)/;

/** Frames that are looked at when the module's way to here is learned. */
const LEARNED = 64;

/** The memory of the module. Its buffer is asked for each time: growth makes a new one. */
let memory;
/** How V8 calls the module; empty where its API is not to be had. */
let script = '';
/** What stands in a line of text before a frame of the module. */
let source = '';
/** Frames of JavaScript between the module and here: what wasm-bindgen makes, in a build for debugging more. */
let between = 0;

/** Where the frames go, and how many there are; what `collect` works on. */
let frames = new Uint32Array(0);
let count = 0;

/** Called by the module, once or again: from then on stacks are taken. */
export function install(of) {
  memory = of;
  try {
    const stack = lines(LEARNED);
    between = stack.findIndex((line) => FRAME.test(line));
    source = between < 0 ? '' : sourceOf(stack[between]);
    script = '';
    withStack(LEARNED, install, learn);
  } catch {
    script = '';
  }
}

/** Writes at most `max` offsets, the innermost first, as words at the address `at` of the module's memory; how many. */
export function capture(at, max) {
  try {
    frames = new Uint32Array(memory.buffer, at, max);
    count = 0;
    if (script !== '') withStack(max + between, capture, collect);
    else if (source !== '') text(max);
    return count;
  } catch {
    return 0;
  }
}

/** Milliseconds since the page or the program began; they begin again after 49 days. */
export function now() {
  try {
    return performance.now() >>> 0;
  } catch {
    return 0;
  }
}

/** Lets V8 give `prepare` the frames outside of `below`, at most so many. */
function withStack(limit, below, prepare) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder = {};
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = prepare;
    Error.captureStackTrace(holder, below);
    // Only who reads the stack makes V8 prepare it.
    void holder.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Learns how V8 calls the module: the innermost one on the stack. */
function learn(_, sites) {
  const site = sites.find((each) => FRAME.test(String(each)));
  script = site?.getScriptNameOrSourceURL() ?? '';
}

function collect(_, sites) {
  for (let index = 0; index < sites.length && count < frames.length; index += 1) {
    const site = sites[index];
    if (site.getScriptNameOrSourceURL() === script) {
      frames[count] = site.getPosition();
      count += 1;
    }
  }
}

/** The lines of a stack as text. */
function lines(limit) {
  const { stackTraceLimit } = Error;
  try {
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = limit;
    return String(new Error().stack).split('\n');
  } finally {
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = stackTraceLimit;
  }
}

function text(max) {
  for (const line of lines(max + between + 1)) {
    const offset = sourceOf(line) === source ? FRAME.exec(line)?.[1] : undefined;
    if (offset !== undefined && count < frames.length) {
      frames[count] = Number.parseInt(offset, 16);
      count += 1;
    }
  }
}

/** The address of the module in a line of text, or as much of its end as has no character that may stand before it. */
function sourceOf(line) {
  const end = line.search(FRAME);
  return end < 0 ? '' : line.slice(0, end).split(/[\s@(]/).at(-1) ?? '';
}
