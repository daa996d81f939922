/**
 * Claim: what is looked at is saved as a file that shows the same when it is opened, by choosing it, dropping it or naming it in the page's address; what
 * cannot be opened is said, and nothing that a file says is taken for more than text.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import type { Engine, Summary } from '../../model/records.ts';
import { guard } from '../../package/guard.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { blank, generated, launch, open, sampled, show, texts, URL_OF_PAGE } from './open.ts';

declare global {
  interface Window {
    /** The longest that the page stood still. */
    longest: number;
  }
}

/** What wasmtime wrote: see `tests/fixtures/README.md`. */
const WASMTIME = readFileSync('../tests/fixtures/wasmtime-48.wasm');

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Saves what is looked at; the file. */
async function saved(page: Page, what: 'all' | 'records only'): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: `Save ${what}` }).click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^flagstone-heap-inspector-(all|records)-[\dT-]+\.wasm$/);
  return readFileSync(await file.path());
}

async function chosen(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.locator('dump-bar input[type=file]').setInputFiles({ name, mimeType: 'application/wasm', buffer });
}

/** Waits until a file of a name is looked at; the figures. */
async function looked(page: Page, name: string): Promise<Summary> {
  await page.waitForFunction((wanted) => document.querySelector<InspectorApp>('inspector-app')?.state?.dump.value?.name === wanted, name);
  const summary = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.summary.value);
  assert.ok(summary !== undefined);
  return summary;
}

test('what is saved shows the same when it is opened, and the program is there to go back to', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'json', 2);
  for (const what of ['all', 'records only'] as const) {
    const live = await sampled(page);
    const file = await saved(page, what);
    assert.ok(WebAssembly.validate(new Uint8Array(file)), 'an engine takes it for a module');
    assert.ok(what === 'all' ? file.length > live.liveBytes / 2 : file.length < live.memoryBytes / 10, `${what}: ${file.length} bytes`);
    await page.evaluate(() => {
      const { state } = document.querySelector<InspectorApp>('inspector-app') ?? {};
      state?.spotlight.set(3);
      state?.diagnosis.site.set(2);
      state?.range.set([0, 1]);
      state?.chosen.set(65_536);
    });
    await chosen(page, 'saved.wasm', file);
    assert.deepEqual(await looked(page, 'saved.wasm'), live, what);
    assert.deepEqual(await texts(page, 'selection-bar button'), ['address 0x00010000 ×'], 'numbers of another heap are forgotten, addresses are not');
    const [words = ''] = await texts(page, 'dump-bar [role=status]');
    assert.ok(words.includes('saved.wasm A dump of flagstone heap inspector (saved), with') && words.includes('by flagstone 0.1.0'), words);
    await show(page, 'check');
    const report = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.recorder?.check());
    assert.deepEqual({ ok: report?.ok, problems: report?.problems }, { ok: true, problems: [] });
    await show(page, 'leaks');
    await page.getByRole('button', { name: 'Look for leaks' }).click();
    if (what === 'all') await page.locator('leaks-view .sentence').waitFor();
    else await page.getByText('was left out of this dump').waitFor();
    await show(page, 'overview');
    await page.getByRole('button', { name: 'Back to the running program' }).click();
    assert.deepEqual(await sampled(page), live);
    assert.equal(await page.getByText('The running program is looked at.').count(), 1);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a dump does not change, so one sample of it is taken', async () => {
  const { page } = await open(browser);
  await chosen(page, 'wasmtime.wasm', WASMTIME);
  const { liveObjects } = await looked(page, 'wasmtime.wasm');
  assert.equal(liveObjects, 105);
  await page.waitForTimeout(1_000);
  const recorded = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.recorded);
  assert.equal(recorded, 1);
  await chosen(page, 'wasmtime.wasm.gz', gzipSync(WASMTIME));
  assert.equal((await looked(page, 'wasmtime.wasm.gz')).liveObjects, 105);
  const [words = ''] = await texts(page, 'dump-bar [role=status]');
  assert.ok(words.includes('A core dump of flagstone-fixture.wasm, written by another tool,') && words.includes('It stopped in function 20'), words);
  await page.context().close();
});

test('a file that is dropped is opened, and what the demo takes is left to it', async () => {
  const { page, complaints } = await open(browser);
  await page.locator('dump-bar').waitFor();
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'dropped.wasm'));
    const main = document.querySelector('inspector-app')?.shadowRoot?.querySelector('main');
    for (const type of ['dragover', 'drop']) main?.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, composed: true, cancelable: true }));
  }, [...WASMTIME]);
  assert.equal((await looked(page, 'dropped.wasm')).liveObjects, 105);
  await page.getByRole('button', { name: 'Back to the running program' }).click();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['# A title'], 'notes.md'));
    document.querySelector('demo-panel')?.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, composed: true, cancelable: true }));
  });
  await page.locator('demo-panel').getByText('notes.md').first().waitFor();
  assert.equal(await page.locator('dump-bar .notice').count(), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a file that is no dump is said to be none, and what was looked at stays', async () => {
  const { page, complaints } = await open(browser);
  const before = await sampled(page);
  for (const [name, buffer, words] of [
    ['cut.wasm', WASMTIME.subarray(0, 20_000), 'cut.wasm cannot be opened: the section 11 at byte 78 says it has 33786 bytes, and the file ends at 20000'],
    ['cut.gz', gzipSync(WASMTIME).subarray(0, 900), 'cut.gz cannot be opened: what gzip compressed cannot be unpacked'],
    ['zeros.bin', Buffer.alloc(70_000), 'zeros.bin cannot be opened: no flagstone root found in 70000 bytes'],
    ['<img src=x onerror=alert(1)>.wasm', Buffer.from('hello'), '<img src=x onerror=alert(1)>.wasm cannot be opened: no flagstone root'],
  ] as const) {
    await chosen(page, name, buffer);
    await page.locator('dump-bar .notice.bad', { hasText: words }).waitFor();
  }
  assert.equal(await page.locator('dump-bar img').count(), 0);
  assert.deepEqual(await sampled(page), before);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('what a file says of itself is text', async () => {
  const { page, complaints } = await open(browser);
  const evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  await page.evaluate(async (program) => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    const parts = app?.recorder?.heap?.dump({ contents: 'records', program, reason: program, error: program });
    const buffer = app?.state?.target.value?.memory.buffer;
    if (parts === undefined || !(buffer instanceof ArrayBuffer)) throw new Error('no heap');
    const blob = new Blob(parts.parts.map((part) => part instanceof Uint8Array ? part : new Uint8Array(buffer, part.at, part.length)));
    const data = new DataTransfer();
    data.items.add(new File([await blob.arrayBuffer()], `${program}.wasm`));
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, evil);
  await looked(page, `${evil}.wasm`);
  const [words = ''] = await texts(page, 'dump-bar [role=status]');
  assert.equal(words.split(evil).length, 5, words);
  assert.equal(await page.locator('dump-bar img, dump-bar script').count(), 0);
  assert.equal(await page.title(), 'flagstone heap inspector');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the address of the page names a dump, of its own server', async () => {
  const { page, complaints } = await blank(browser);
  await page.route('**/there.wasm', (route) => route.fulfill({ body: WASMTIME, contentType: 'application/wasm' }));
  await page.goto(`${URL_OF_PAGE}?dump=there.wasm`);
  assert.equal((await looked(page, 'there.wasm')).liveObjects, 105);
  assert.deepEqual(complaints, []);
  for (const [address, words] of [['gone.wasm', /the server answers 404/], ['https://example.org/x.wasm', /This page fetches from .* only/], ['file:///etc/passwd', /begins with http or https, not file:/]] as const) {
    await page.goto(`${URL_OF_PAGE}?dump=${encodeURIComponent(address)}`);
    await page.locator('dump-bar .notice.bad', { hasText: words }).waitFor();
  }
  await page.context().close();
});

test('a file is given up when that is wanted, and a long one does not hold the page up', async () => {
  const { page, complaints } = await open(browser);
  await page.locator('dump-bar').waitFor();
  const before = await sampled(page);
  // A memory of 512 MiB, with the heap of a small one in its first pages.
  const core = await page.evaluate(() => {
    const memory = document.querySelector<InspectorApp>('inspector-app')?.state?.target.value?.memory;
    return [...new Uint8Array(memory?.buffer ?? new ArrayBuffer(0))];
  });
  assert.ok(core.length === before.memoryBytes);
  const folder = mkdtempSync(join(tmpdir(), 'flagstone-'));
  const path = join(folder, 'long.bin');
  writeFileSync(path, new Uint8Array(core));
  truncateSync(path, 512 << 20);
  await page.evaluate(() => {
    let last = performance.now();
    window.longest = 0;
    setInterval(() => {
      window.longest = Math.max(window.longest, performance.now() - last);
      last = performance.now();
    }, 1);
  });
  await page.locator('dump-bar input[type=file]').setInputFiles(path);
  await looked(page, 'long.bin');
  const longest = await page.evaluate(() => window.longest);
  rmSync(folder, { recursive: true });
  assert.ok(longest < 500, `the page stood still for ${longest} ms`);
  const { liveObjects, memoryBytes } = await looked(page, 'long.bin');
  assert.deepEqual([liveObjects, memoryBytes], [before.liveObjects, 512 << 20]);
  await page.getByRole('button', { name: 'Back to the running program' }).click();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(256 << 20)], 'given-up.bin'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('The running program is looked at.').waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.locator('dump-bar .notice').count(), 0);
  assert.deepEqual(await sampled(page), before);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

/** What is generated, as far as it is used here. */
interface Package extends Engine {
  default(from: { module_or_path: Uint8Array }): Promise<unknown>;
}

interface Program {
  default(from: { module_or_path: Uint8Array }): Promise<{ memory: WebAssembly.Memory; __flagstone_root: WebAssembly.Global<'i32'> }>;
}

test('what guard leaves behind, without the engine, is the heap as the engine sees it', async () => {
  const engine: Package = await import(pathToFileURL(resolve('../pkg/flagstone.js')).href);
  await engine.default({ module_or_path: readFileSync('../pkg/flagstone_bg.wasm') });
  const program: Program = await import(pathToFileURL(resolve('demo/pkg/flagstone_demo.js')).href);
  const { memory, __flagstone_root } = await program.default({ module_or_path: readFileSync('demo/pkg/flagstone_demo_bg.wasm') });
  const files: Blob[] = [];
  const { dump } = guard({ exports: { memory, __flagstone_root } }, { program: 'the demo', onDump: (file) => void files.push(file) });
  const begun = Date.now();
  dump('trap', new WebAssembly.RuntimeError('unreachable'));
  const heap = engine.open(new Uint8Array(await (files[0] ?? assert.fail('no file')).arrayBuffer()));
  const { sentence, time, format, writer, error } = heap.origin ?? assert.fail('no origin');
  assert.deepEqual([format, writer, error], ['flagstone', '0.1.0', 'RuntimeError: unreachable']);
  assert.match(sentence, /^A dump of the demo \(trap\), with all of its memory of .* The error: RuntimeError: unreachable$/);
  assert.ok(time !== null && time >= begun && time <= Date.now());
  assert.deepEqual(heap.sample(), engine.attach({ memory, root: __flagstone_root }).sample());
  assert.deepEqual(heap.check().problems, []);
});
