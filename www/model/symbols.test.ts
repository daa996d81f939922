/** Claim: offsets are read out of the stack traces of engines, and call sites begin with the first frame that is the program's own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interesting, offsetsOfStack, placeOf, shortFile, type Frame } from './symbols.ts';

const frame = (name: string, file?: string): Frame => ({ function: name, file, line: file === undefined ? undefined : 7, column: file === undefined ? undefined : 3, inlined: false });
const names = (frames: readonly Frame[]): string[] => interesting(frames).map((one) => one.function);

test('V8’s text, with a name section', () => {
  const text = `Error: x
    at observe (file:///run.mjs:2:100)
    at lines.wasm._ZN5lines6deeper17h463d82fd8e645e4bE (wasm://wasm/lines.wasm-08c7393a:wasm-function[1]:0x8d)
    at lines.wasm.outer (wasm://wasm/lines.wasm-08c7393a:wasm-function[2]:0xac)
    at <&str as core::fmt::Display>::fmt (http://127.0.0.1:8080/flagstone_demo_bg.wasm:wasm-function[3352]:0x5d46b4)
    at file:///run.mjs:2:146`;
  assert.deepEqual(offsetsOfStack(text), [0x8d, 0xac, 0x5d46b4]);
});

test('V8’s text, without a name section', () => {
  assert.deepEqual(offsetsOfStack('Error\n    at wasm://wasm/1b2d08c7:wasm-function[7]:0x8f8\n    at async wasm://wasm/1b2d08c7:wasm-function[12]:0x1A2B\n'), [0x8f8, 0x1a2b]);
});

test('Firefox’s text', () => {
  const text = 'observe@http://host/run.js:2:100\n'
    + 'deeper@http://host/demo_bg.wasm:wasm-function[3352]:0x5d46b4\n'
    + '@http://host/demo_bg.wasm line 3 > WebAssembly.instantiate:wasm-function[12]:0x10\n'
    + 'start@http://host/run.js:9:1\n';
  assert.deepEqual(offsetsOfStack(text), [0x5d46b4, 0x10]);
});

test('what has no offset, or only looks so, is left out', () => {
  assert.deepEqual(offsetsOfStack(''), []);
  assert.deepEqual(offsetsOfStack('<?>.wasm-function[12]@[wasm code]'), []);
  assert.deepEqual(offsetsOfStack('at f (http://host/wasm-function[1]:0x5/run.js:1:2)'), []);
  assert.deepEqual(offsetsOfStack('at f (wasm://wasm/1:wasm-function[1]:0x123456789)'), [], 'more than 32 bits');
  assert.deepEqual(offsetsOfStack('at wasm-function[1]:0x5 (wasm://wasm/1:wasm-function[2]:0x6)'), [6]);
});

test('names alone: allocator and collections go', () => {
  const site = [
    frame('flagstone::heap::Heap<S>::alloc'), frame('__rust_alloc'), frame('alloc::alloc::Global::alloc_impl_runtime'),
    frame('alloc::raw_vec::RawVecInner<A>::finish_grow'), frame('<alloc::vec::Vec<T> as core::iter::FromIterator<T>>::from_iter'),
    frame('flagstone_demo::csv_table::read'), frame('alloc::vec::Vec<T,A>::retain'), frame('flagstone_demo::workbench::Workbench::open'),
  ];
  assert.deepEqual(names(site), ['flagstone_demo::csv_table::read', 'alloc::vec::Vec<T,A>::retain', 'flagstone_demo::workbench::Workbench::open']);
});

test('entries of allocators of all kinds, and what is further inside whatever its name', () => {
  for (const entry of [
    '__rust_alloc', '__rust_realloc', '__rust_alloc_zeroed', '__rustc::__rust_alloc', '__rustc::__rust_dealloc', '__rustc::__rg_alloc', '__rdl_alloc', 'alloc::alloc::alloc', 'malloc', '__wbindgen_malloc',
    '<flagstone::Flagstone as core::alloc::global::GlobalAlloc>::alloc', '<app::Counting as core::alloc::GlobalAlloc>::realloc', '<demo::home::Arena as Allocator>::allocate',
  ]) {
    assert.deepEqual(names([frame('take', 'anything.rs'), frame(entry), frame('app::run')]), ['app::run'], entry);
  }
});

test('with files, they decide', () => {
  const site = [
    frame('take<flagstone::source::wasm::Memory>', 'flagstone/crate/magazine.rs'), frame('__rust_alloc', 'flagstone/www/demo/src/lib.rs'),
    frame('alloc_impl', '/rustc/0a1b/library/alloc/src/alloc.rs'), frame('push<u8>', '/rustc/0a1b/library/alloc/src/vec/mod.rs'),
    frame('reserve', '/home/me/registry/src/index/hashbrown-0.16.1/src/raw/mod.rs'), frame('put', 'flagstone-0.1.0/crate/objects.rs'),
    frame('core::ops::function::FnOnce::call_once', 'src/main.rs'), frame('main', 'src/main.rs'),
  ];
  assert.deepEqual(names(site), ['core::ops::function::FnOnce::call_once', 'main']);
});

test('a program’s own code stays, whatever it implements', () => {
  for (const own of ['<app::Doc as core::ops::drop::Drop>::drop', 'flagstone_demo::describe', 'allocate', 'app::alloc::grow', 'wasm-function[7]', 'module+0x8f8', 'core_app::run']) {
    assert.deepEqual(names([frame('__rust_alloc'), frame(own), frame('outer')]), [own, 'outer'], own);
  }
});

test('where all is library, the outermost frame is left', () => {
  assert.deepEqual(names([frame('__rust_alloc'), frame('__wbindgen_malloc')]), ['__wbindgen_malloc']);
  assert.deepEqual(names([frame('alloc::vec::Vec<T,A>::push'), frame('core::fmt::write')]), ['core::fmt::write']);
  assert.deepEqual(names([]), []);
});

test('files are shown without the folders of a machine', () => {
  for (const [file, short] of [
    ['/rustc/0a1b2c/library/alloc/src/vec/mod.rs', 'library/alloc/src/vec/mod.rs'],
    ['/usr/lib/rustlib/src/rust/library/core/src/cell.rs', 'library/core/src/cell.rs'],
    ['/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/rhai-1.27.0/src/ast.rs', 'rhai-1.27.0/src/ast.rs'],
    ['C:\\Users\\me\\.cargo\\registry\\src\\index-1\\csv-1.4.0\\src\\reader.rs', 'csv-1.4.0/src/reader.rs'],
    ['./src/lib.rs', 'src/lib.rs'],
    ['flagstone/www/demo/src/lib.rs', 'flagstone/www/demo/src/lib.rs'],
  ] as const) assert.equal(shortFile(file), short);
});

test('a place is file, line and column, as far as they are known', () => {
  assert.equal(placeOf(frame('a', './src/lib.rs')), 'src/lib.rs:7:3');
  assert.equal(placeOf({ ...frame('a', 'src/lib.rs'), column: undefined }), 'src/lib.rs:7');
  assert.equal(placeOf({ ...frame('a', 'src/lib.rs'), line: undefined, column: undefined }), 'src/lib.rs');
  assert.equal(placeOf(frame('a')), '');
});
