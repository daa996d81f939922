/** Claim: the stack of a wasm module is told as offsets of its own calls, by V8's call sites and by the text of each engine, and what the page has set stays set. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { capture, install, now } from '../../crate/audit/capture.js';

/**
 * A module whose export `f` calls itself as often as its argument says, then the import `e.c`:
 * `(func $f (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (call $c)) (else (call $f (i32.sub (local.get 0) (i32.const 1))))))`.
 */
const BYTES = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 10, 2, 96, 1, 127, 1, 127, 96, 0, 1, 127, 2, 7, 1, 1, 101, 1, 99, 0, 1, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 1,
  10, 20, 1, 18, 0, 32, 0, 69, 4, 127, 16, 0, 5, 32, 0, 65, 1, 107, 16, 1, 11, 11,
]);
/** The same with a section that nobody reads, so another one. */
const OTHER = new Uint8Array([...BYTES, 0, 2, 1, 120]);
/** Where its two calls are. */
const CALL_OF_IMPORT = BYTES.indexOf(16, 46);
const CALL_OF_ITSELF = BYTES.lastIndexOf(16);

const memory = new WebAssembly.Memory({ initial: 1 });
const RealError = globalThis.Error;
const real = { captureStackTrace: RealError.captureStackTrace, stackTraceLimit: RealError.stackTraceLimit, prepareStackTrace: RealError.prepareStackTrace };

afterEach(() => {
  globalThis.Error = RealError;
  RealError.captureStackTrace = real.captureStackTrace;
});

/** The words at 64 that `inside` wrote, called from `depth` calls deep in a module of its own. */
function called(depth: number, inside: () => number, bytes = BYTES): number[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: { c: inside } });
  const { f } = exports;
  assert.ok(typeof f === 'function');
  const count: number = f(depth);
  return [...new Uint32Array(memory.buffer, 64, count)];
}

/** Installs and takes a stack, both from within one module. */
function taken(depth: number, room: number): number[] {
  return called(depth, () => {
    install(memory);
    return capture(64, room);
  });
}

test('call sites tell each call of the module, the innermost first', () => {
  assert.deepEqual(taken(3, 32), [CALL_OF_IMPORT, CALL_OF_ITSELF, CALL_OF_ITSELF, CALL_OF_ITSELF]);
  assert.deepEqual(taken(20, 3).length, 3);
  assert.equal(RealError.stackTraceLimit, real.stackTraceLimit);
  assert.equal(RealError.prepareStackTrace, real.prepareStackTrace);
});

test('where there are no call sites, the text of the stack tells the same', () => {
  Reflect.deleteProperty(RealError, 'captureStackTrace');
  assert.deepEqual(taken(3, 32), [CALL_OF_IMPORT, CALL_OF_ITSELF, CALL_OF_ITSELF, CALL_OF_ITSELF]);
  assert.equal(RealError.stackTraceLimit, real.stackTraceLimit);
});

test('calls of another module further out are left out', () => {
  let inner: number[] = [];
  called(2, () => {
    inner = taken(1, 32);
    return 0;
  }, OTHER);
  assert.deepEqual(inner, [CALL_OF_IMPORT, CALL_OF_ITSELF]);
});

/** Lets all stacks say this. */
function says(stack: string): void {
  class Said {
    stack = stack;
  }
  Object.assign(globalThis, { Error: Said });
}

test('Firefox tells offsets in its own text, of this module only', () => {
  says('capture@https://a.example/x.js:1:2\nmalloc@https://a.example/pkg@1/x_bg.wasm:wasm-function[7]:0x8f8\nother@https://a.example/y.wasm:wasm-function[1]:0x11\n'
    + 'wasm-function[9]@https://a.example/pkg@1/x_bg.wasm:wasm-function[9]:0x1a2b3c\nmain@https://a.example/x.js:9:9\n');
  install(memory);
  assert.equal(capture(64, 32), 2);
  assert.deepEqual([...new Uint32Array(memory.buffer, 64, 2)], [0x8f8, 0x1a2b3c]);
});

test('where no offsets are told there are no frames, and nothing throws', () => {
  says('capture@https://a.example/x.js:1:2\n<?>.wasm-function[malloc]@[wasm code]\n');
  install(memory);
  assert.equal(capture(64, 32), 0);
  globalThis.Error = RealError;
  assert.equal(capture(1 << 30, 32), 0, 'outside of the memory');
});

test('the clock does not go back', () => {
  const first = now();
  assert.ok(Number.isInteger(first) && now() >= first);
});
