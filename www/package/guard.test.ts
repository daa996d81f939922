/**
 * Claim: a module that traps leaves one file with its memory as it was then, which an engine reads as that memory; errors reach whoever called; and what
 * is no trap leaves nothing. That the inspector opens the file is tested with the page.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { guard, VERSION, type Facts } from './guard.ts';

/**
 * `(module (memory (export "memory") 3) (global (export "__flagstone_root") i32 (i32.const 64)) (func (export "trap") unreachable)
 * (func (export "deep") call 1) (func (export "one") (result i32) i32.const 1) (data (i32.const 64) "flagston\05\00\00\40") (data (i32.const 196600) "end"))`.
 */
const BYTES = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, ...section(1, [2, 96, 0, 0, 96, 0, 1, 127]), ...section(3, [3, 0, 0, 1]), ...section(5, [1, 0, 3]), ...section(6, [1, 127, 0, 65, 192, 0, 11]),
  ...section(7, [5, 6, ...text('memory'), 2, 0, 16, ...text('__flagstone_root'), 3, 0, 4, ...text('trap'), 0, 0, 4, ...text('deep'), 0, 1, 3, ...text('one'), 0, 2]),
  ...section(10, [3, 3, 0, 0, 11, 4, 0, 16, 1, 11, 4, 0, 65, 1, 11]),
  ...section(11, [2, 0, 65, 192, 0, 11, 12, ...text('flagston'), 5, 0, 0, 64, 0, 65, 248, 255, 11, 11, 3, ...text('end')]),
);

/** A section of fewer than 128 bytes. */
function section(id: number, contents: number[]): number[] {
  return [id, contents.length, ...contents];
}

function text(of: string): number[] {
  return [...new TextEncoder().encode(of)];
}

/** An instance that is guarded, and the files it left. */
function guarded(): { call: (name: string) => unknown; memory: WebAssembly.Memory; files: { file: Blob; facts: Facts }[]; dump: (reason?: string) => void } {
  const files: { file: Blob; facts: Facts }[] = [];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(BYTES));
  const { exports, dump } = guard(instance, { program: 'a / program', onDump: (file, facts) => void files.push({ file, facts }) });
  const { memory } = exports;
  assert.ok(memory instanceof WebAssembly.Memory);
  const call = (name: string): unknown => {
    const value = exports[name];
    assert.ok(typeof value === 'function');
    return Reflect.apply(value, undefined, []);
  };
  return { call, memory, files, dump };
}

/** The memory of a dump, as an engine makes it of the file: with the memory exported, which the file itself does not do. */
async function memoryOf(file: Blob): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  assert.ok(WebAssembly.validate(bytes));
  const sections: Uint8Array[] = [];
  for (let at = 8; at < bytes.length;) {
    const [length, behind] = leb(bytes, at + 1);
    sections.push(bytes.subarray(at, behind + length));
    at = behind + length;
  }
  const of = (id: number): Uint8Array[] => sections.filter((section) => section[0] === id);
  const made = [bytes.subarray(0, 8), ...of(5), Uint8Array.of(7, 5, 1, 1, 109, 2, 0), ...of(11)];
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(await new Blob(made.map((part) => new Uint8Array(part))).arrayBuffer()))).exports;
  assert.ok(m instanceof WebAssembly.Memory);
  return new Uint8Array(m.buffer);
}

function leb(bytes: Uint8Array, from: number): [number, number] {
  let value = 0;
  for (let at = from, factor = 1; ; at += 1, factor *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at + 1];
  }
}

test('a trap leaves the memory as it was, once, and is thrown on', async () => {
  const { call, memory, files } = guarded();
  new Uint8Array(memory.buffer)[100_000] = 7;
  const then = new Uint8Array(memory.buffer).slice();
  assert.equal(call('one'), 1);
  assert.equal(files.length, 0);
  assert.throws(() => call('trap'), WebAssembly.RuntimeError);
  new Uint8Array(memory.buffer)[100_000] = 8;
  assert.throws(() => call('trap'), WebAssembly.RuntimeError);
  assert.equal(files.length, 1);
  const { file, facts } = files[0] ?? assert.fail('no file');
  assert.deepEqual({ reason: facts.reason, error: facts.error }, { reason: 'trap', error: 'RuntimeError: unreachable' });
  assert.match(facts.name, /^a-program-trap-\d+\.wasm$/);
  assert.deepEqual(await memoryOf(file), then);
  const words = new TextDecoder().decode(await file.arrayBuffer());
  assert.ok(['core', 'flagstone', VERSION, 'a / program', 'RuntimeError: unreachable'].every((word) => words.includes(word)));
});

test('zero pages take no room', async () => {
  const { memory, files, dump } = guarded();
  memory.grow(100);
  dump('saved');
  const { file } = files[0] ?? assert.fail('no file');
  assert.ok(file.size > 2 * 65_536 && file.size < 2 * 65_536 + 400, `${file.size} bytes for two pages that are not zero`);
  assert.equal((await memoryOf(file)).length, 103 * 65_536);
});

test('a stack that overflows is a trap, and other errors are none', () => {
  const { call, files } = guarded();
  assert.throws(() => call('deep'), RangeError);
  assert.equal(files[0]?.facts.reason, 'stack overflow');
  const imported = guard({ exports: { memory: new WebAssembly.Memory({ initial: 1 }), fails: () => { throw new TypeError('no'); } } }, { onDump: () => assert.fail('that is no trap') });
  assert.throws(() => imported.exports.fails(), TypeError);
  assert.throws(() => guard({ exports: {} }), /guard needs an instance that exports its memory/);
});

test('it is of the version of the crate', () => {
  const version = /\[workspace\.package\]\nversion = "([^"]+)"/.exec(readFileSync('../Cargo.toml', 'utf8'))?.[1];
  assert.equal(VERSION, version);
});
