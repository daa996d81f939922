// One run of one workload in a fresh instance. Uses nothing of Node, so a browser can run it too.

/** The workloads of a module: `{ name, kind }` in the order of their indices. */
export function workloads(module) {
  const { exports } = new WebAssembly.Instance(module);
  return Array.from({ length: exports.workload_count() }, (_, index) => {
    const start = exports.workload_name(index) >>> 0;
    const bytes = new Uint8Array(exports.memory.buffer, start, exports.workload_name_len(index));
    const kind = ['synthetic', 'collections', 'programs'][exports.workload_kind(index)];
    return { index, name: new TextDecoder().decode(bytes), kind };
  });
}

/** What a module has before it runs: its whole memory, and where its static data ends. */
export function initial(module) {
  const { exports } = new WebAssembly.Instance(module);
  return { bytes: exports.memory.buffer.byteLength, heapBase: exports.__heap_base.value >>> 0 };
}

/** Runs a workload. Memory only grows, so the bytes it has at the end are the most that it had. */
export function run(module, index, seed) {
  const { exports } = new WebAssembly.Instance(module);
  exports.prepare(index, seed);
  const start = performance.now();
  const checksum = exports.run(index, seed);
  const milliseconds = performance.now() - start;
  return { milliseconds, checksum: hex(checksum), bytes: exports.memory.buffer.byteLength };
}

/** What a counting build says about a workload; the requests, not the allocator. */
export function ledger(module, index, seed) {
  const { exports } = new WebAssembly.Instance(module);
  exports.prepare(index, seed);
  const checksum = exports.run(index, seed);
  return {
    operations: Number(exports.ledger_operations()),
    peakLive: Number(exports.ledger_peak_live()),
    stream: hex(exports.ledger_stream()),
    checksum: hex(checksum),
  };
}

/** The bytes of memory that a module has after it made one string. */
export function firstAllocation(module) {
  const { exports } = new WebAssembly.Instance(module);
  exports.first_allocation();
  return exports.memory.buffer.byteLength;
}

const hex = (value) => BigInt.asUintN(64, value).toString(16).padStart(16, '0');
