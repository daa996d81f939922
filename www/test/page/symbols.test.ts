/**
 * Claim: the offsets in a stack trace of real wasm code lead to its functions and lines, by the reader that is shipped: in Node for a small
 * module and for the demo, and in the browser with the bar that takes debug files. Needs the built reader and demo.
 */
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import type { Workbench } from '../../demo/demo.ts';
import { interesting, offsetsOfStack, placeOf, type Frame, type Open, type SymbolStore } from '../../symbols.ts';
import type { SymbolsBar } from '../../views/symbols-bar.ts';
import { launch, open, URL_OF_PAGE } from './open.ts';

interface Reader {
  default(from: { module_or_path: Uint8Array }): Promise<unknown>;
  Symbols: { open: Open };
}

interface Program {
  default(from: { module_or_path: Uint8Array }): Promise<unknown>;
  Workbench: new () => Workbench;
}

const SMALL = readFileSync('symbols/tests/fixtures/lines.wasm');
const SHIPPED = readFileSync('demo/pkg/flagstone_demo_bg.wasm');
const DEBUG = readFileSync('demo/pkg/flagstone_demo.debug.wasm');
let openSymbols: Open;
let browser: Browser;

before(async () => {
  const reader: Reader = await import(pathToFileURL(resolve('symbols/pkg/flagstone_symbols.js')).href);
  await reader.default({ module_or_path: readFileSync('symbols/pkg/flagstone_symbols_bg.wasm') });
  openSymbols = (bytes) => reader.Symbols.open(bytes);
  browser = await launch();
});

after(() => browser?.close());

/** Frames in short, `<` for inlined ones. */
const short = (frames: readonly Frame[]): string[] => frames.map((frame) => `${frame.function}${frame.inlined ? ' <' : ''} ${placeOf(frame)}`.trim());

/** The module without the custom sections whose names begin so. */
function without(module: Uint8Array, prefix: string): Uint8Array<ArrayBuffer> {
  const kept = [...module.subarray(0, 8)];
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < module.length) {
    const start = at++;
    const end = number() + at;
    const length = module[start] === 0 ? number() : 0;
    const name = new TextDecoder().decode(module.subarray(at, at + length));
    if (module[start] !== 0 || !name.startsWith(prefix)) kept.push(...module.subarray(start, end));
    at = end;
  }
  return Uint8Array.from(kept);
}

/** The stacks at the calls that a module makes of its import. */
async function stacksOf(module: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const stacks: string[] = [];
  const observe = (value: number): number => {
    stacks.push(new Error('here').stack ?? '');
    return value;
  };
  const { instance } = await WebAssembly.instantiate(module, { test: { observe } });
  const { outer } = instance.exports;
  assert.ok(typeof outer === 'function');
  outer(5);
  return stacks;
}

const INLINED = ['innermost < tests/fixtures/lines.rs:18:5', 'middle < tests/fixtures/lines.rs:23:5', 'outer tests/fixtures/lines.rs:29:17'];
const CALLED = ['lines::deeper tests/fixtures/lines.rs:36:33', 'outer tests/fixtures/lines.rs:30:5'];

test('a stack in Node leads to functions, inlined ones too, and lines', async () => {
  const symbols = openSymbols(SMALL);
  assert.ok(symbols.hasLines && symbols.hasNames);
  const stacks = (await stacksOf(Uint8Array.from(SMALL))).map((stack) => symbols.resolve(Uint32Array.from(offsetsOfStack(stack))).flat());
  assert.deepEqual(stacks.map(short), [INLINED, CALLED]);
});

test('so it does for a module without names and debug sections, by a debug file', async () => {
  const bare = without(without(SMALL, '.debug_'), 'name');
  const stacks = await stacksOf(bare);
  assert.match(stacks[1] ?? '', /at wasm:\/\/wasm\/[0-9a-f]+:wasm-function\[1\]:0x/, 'V8 has no names to print');
  const symbols = openSymbols(bare);
  const all = (): string[][] => stacks.map((stack) => short(symbols.resolve(Uint32Array.from(offsetsOfStack(stack))).flat()));
  assert.ok(!symbols.hasLines && !symbols.hasNames);
  assert.deepEqual(all(), [['outer'], ['wasm-function[1]', 'outer']]);
  assert.throws(() => symbols.addDebug(SHIPPED), /another build: its code has \d+ bytes, that of the running module 59\./);
  symbols.addDebug(SMALL);
  assert.deepEqual(all(), [INLINED, CALLED]);
});

test('the demo has names as it is shipped, and lines by its debug file', async () => {
  const program: Program = await import(pathToFileURL(resolve('demo/pkg/flagstone_demo.js')).href);
  await program.default({ module_or_path: SHIPPED });
  const clock = performance.now;
  let stack = '';
  // The demo asks for the time in the middle of its work, so its stack can be seen from here.
  performance.now = () => {
    stack ||= new Error('here').stack ?? '';
    return clock.call(performance);
  };
  try {
    new program.Workbench().open('list.json', new TextEncoder().encode('[1, 2, 3]'));
  } finally {
    performance.now = clock;
  }
  const offsets = Uint32Array.from(offsetsOfStack(stack));
  assert.ok(offsets.length > 1, stack);

  const symbols = openSymbols(SHIPPED);
  assert.ok(symbols.hasNames && !symbols.hasLines);
  assert.deepEqual(symbols.damage, []);
  const names = symbols.resolve(offsets).flat();
  assert.ok(names.some((frame) => frame.function === 'flagstone_demo::Workbench::open'), short(names).join('\n'));
  symbols.addDebug(DEBUG);
  const lines = symbols.resolve(offsets).flat();
  const source = readFileSync('demo/src/workbench.rs', 'utf8').split('\n');
  const own = interesting(lines).find((frame) => frame.file === 'flagstone/www/demo/src/workbench.rs') ?? assert.fail(short(lines).join('\n'));
  assert.match(source[(own.line ?? 0) - 1] ?? '', /clock/, `line ${own.line} asks for the time`);
  const folders = lines.map((frame) => frame.file ?? '').filter((file) => file.startsWith('/') && !file.includes('/library/'));
  assert.deepEqual(folders, [], 'no folder of this machine');
});

test('in the browser the bar says what is known and takes a debug file', async () => {
  const bundle = await build({
    stdin: { contents: "export { SymbolStore } from './symbols.ts'; export { fetchModule, DEBUG_FILE } from './demo/demo.ts'; import './views/symbols-bar.ts';", resolveDir: resolve('.') },
    bundle: true, write: false, format: 'esm', target: 'es2022',
  });
  const { page, complaints } = await open(browser);
  await page.route('**/bar-under-test.js', (route) => route.fulfill({ contentType: 'text/javascript', body: bundle.outputFiles[0]?.text ?? '' }));
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await page.evaluate(async (url) => {
    const loaded: { SymbolStore: typeof SymbolStore; fetchModule(): Promise<ArrayBuffer>; DEBUG_FILE: { name: string; fetch(): Promise<ArrayBuffer> } } = await import(url);
    const bar = document.createElement('symbols-bar');
    Object.assign(bar, { store: new loaded.SymbolStore(loaded.fetchModule, loaded.DEBUG_FILE) });
    document.body.prepend(bar);
  }, `${URL_OF_PAGE}bar-under-test.js`);
  const bar = page.locator('symbols-bar');
  const status = bar.getByRole('status');
  assert.equal(await status.textContent(), 'Symbols are read when the first call site is shown.');
  assert.ok(!requests.some((path) => path.includes('symbols_bg')), 'nothing is loaded yet');

  const resolved = (): Promise<string> => bar.evaluate(async (element: SymbolsBar) => {
    const frames = await element.store?.resolve([0x20000]);
    return frames?.get(0x20000)?.at(-1)?.file ?? 'no file';
  });
  assert.equal(await resolved(), 'no file');
  await bar.getByText('Names from the module.').waitFor();

  await bar.locator('input').setInputFiles({ name: 'other.wasm', mimeType: 'application/wasm', buffer: SMALL });
  const alert = bar.getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.textContent() ?? '', /^other\.wasm was not taken\. The file is of another build: its code has 59 bytes, that of the running module \d{7}\.$/);
  assert.equal(await status.textContent(), 'Names from the module.');
  await bar.locator('input').setInputFiles(resolve('demo/pkg/flagstone_demo.debug.wasm'));
  await bar.getByText('File and line from flagstone_demo.debug.wasm.').waitFor();
  assert.equal(await alert.count(), 0);
  assert.match(await resolved(), /\.rs$/);
  assert.equal(await bar.getByRole('button', { name: 'Load file and line' }).count(), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});
