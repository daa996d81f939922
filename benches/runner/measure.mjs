// One step of a measurement, in fresh instances. Uses nothing of Node, so a browser can run it too.

/** One seed for all: the programs are the same on every machine. */
export const SEED = 20260824n;

const steps = { workloads, initial, run, ledger, firstAllocation, sweep };

/** Takes a step by its name; what the last one left behind is collected now, not in the middle of this one. */
export function step(name, module, ...rest) {
  globalThis.gc?.();
  return steps[name](module, ...rest);
}

/** The workloads of a module: `{ name, kind }` in the order of their indices. */
function workloads(module) {
  const { exports } = new WebAssembly.Instance(module);
  return Array.from({ length: exports.workload_count() }, (_, index) => {
    const start = exports.workload_name(index) >>> 0;
    const bytes = new Uint8Array(exports.memory.buffer, start, exports.workload_name_len(index));
    const kind = ['synthetic', 'collections', 'programs'][exports.workload_kind(index)];
    return { index, name: new TextDecoder().decode(bytes), kind };
  });
}

/** What a module has before it runs: its whole memory, and where its static data ends. */
function initial(module) {
  const { exports } = new WebAssembly.Instance(module);
  return { bytes: exports.memory.buffer.byteLength, heapBase: exports.__heap_base.value >>> 0 };
}

/** Runs a workload. Memory only grows, so the bytes it has at the end are the most that it had. */
function run(module, index) {
  const { exports } = new WebAssembly.Instance(module);
  exports.prepare(index, SEED);
  const { milliseconds, result } = timed(() => exports.run(index, SEED));
  return { milliseconds, checksum: hex(result), bytes: exports.memory.buffer.byteLength };
}

/** What a counting build says about a workload; the requests, not the allocator. */
function ledger(module, index) {
  const { exports } = new WebAssembly.Instance(module);
  exports.prepare(index, SEED);
  const checksum = exports.run(index, SEED);
  return {
    operations: Number(exports.ledger_operations()),
    peakLive: Number(exports.ledger_peak_live()),
    stream: hex(exports.ledger_stream()),
    checksum: hex(checksum),
  };
}

/** The bytes of memory that a module has after it made one string. */
function firstAllocation(module) {
  const { exports } = new WebAssembly.Instance(module);
  exports.first_allocation();
  return exports.memory.buffer.byteLength;
}

/** Replaces objects at a point of a sweep: `kind` is its number, `parameter` what it varies. */
function sweep(module, kind, parameter) {
  const { exports } = new WebAssembly.Instance(module);
  exports.sweep_prepare(kind, parameter, SEED);
  const { milliseconds, result } = timed(() => exports.sweep());
  return { milliseconds, checksum: hex(result), operations: exports.sweep_operations() };
}

function timed(work) {
  const start = performance.now();
  const result = work();
  return { milliseconds: performance.now() - start, result };
}

const hex = (value) => BigInt.asUintN(64, value).toString(16).padStart(16, '0');
