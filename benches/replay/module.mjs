// What the scripts beside this one share: instances of modules, and sentences about what went wrong.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Bytes of a page of wasm memory. */
export const PAGE = 65536;

/** A fresh instance of the module in a file. */
export function load(file, imports = {}) {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports).exports;
}

/** Bytes of an instance's memory. */
export const length = (exports) => exports.memory.buffer.byteLength;

/** The text at an address. */
export function text(exports, address, bytes) {
  return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address >>> 0, bytes));
}

/** The sentence about the last fault. */
export const fault = (exports) => text(exports, exports.fault_text(), exports.fault_len());

/** A file that a module's recorder writes, and the imports by which it does: bytes at offsets. It is made when they come. */
export function recording(path) {
  let file;
  let exports;
  const put = (offset, bytes) => {
    file ??= openSync(path, 'w');
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, offset + done);
    }
  };
  const write = (offset, address, bytes) => put(offset, new Uint8Array(exports.memory.buffer, address >>> 0, bytes));
  return {
    imports: { recorder: { write } },
    of: (instance) => (exports = instance),
    put,
    close: () => closeSync(file),
  };
}

/** Ends the program with a sentence. */
export function fail(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(1);
}
