/** Claim: work in the demo moves the figures of the inspector, and closing documents brings live memory down again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { DemoPanel } from '../../demo/demo-panel.ts';
import { generated, launch, open, recorded, sampled, show, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('a shipped sample opens by its button and moves live bytes and allocations', async () => {
  const { page, complaints } = await open(browser);
  const start = await sampled(page);
  await page.getByRole('button', { name: /\.json$/ }).first().click();
  await page.locator('demo-panel .documents li').first().waitFor();
  const opened = await sampled(page);
  assert.ok(opened.liveBytes > start.liveBytes, `${start.liveBytes} -> ${opened.liveBytes}`);
  assert.ok(opened.allocations > start.allocations);
  const shown = (await texts(page, 'overview-view dd.note'))[1] ?? '';
  assert.notEqual(shown, '0 objects');
  await page.getByText('Details', { exact: true }).click();
  await page.locator('demo-panel pre').waitFor();
  assert.ok((await page.locator('demo-panel pre').innerText()).length > 10, 'the preview shows something');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a JSON file of 20 MB: the page lives while it is made, every sample adds up, growth is listed with its cause', async () => {
  const { page, complaints } = await open(browser);
  await page.getByLabel('Sampling interval').selectOption('100');
  const start = await recorded(page);
  await generated(page, 'json', 20);
  const end = await recorded(page);
  assert.ok(end.samples > start.samples + 2, `${end.samples - start.samples} samples`);
  assert.deepEqual(end.differences, []);
  assert.equal(end.mismatches, 0);
  assert.ok(end.growths.some(({ during }) => during === 'opening survey-20MB.json'));
  const full = await sampled(page);
  assert.ok(full.liveBytes > 20_000_000, `${full.liveBytes} bytes are live`);
  assert.match((await texts(page, 'growth-list td.during')).join(), /opening survey-20MB\.json/);
  assert.match((await texts(page, 'composition-bar .sum')).join(), /add up to [\d,]+ bytes: exactly the [\d,]+ pages of 64 KiB/);

  await page.getByRole('button', { name: 'Close survey-20MB.json' }).click();
  await page.getByText('None.').waitFor();
  const closed = await sampled(page);
  assert.ok(closed.liveBytes < full.liveBytes / 20, `${closed.liveBytes} bytes are live still`);
  assert.equal(closed.pages, full.pages, 'memory never shrinks');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('closing all documents lets live bytes fall to where they began', async () => {
  const { page } = await open(browser);
  await generated(page, 'csv', 1);
  await generated(page, 'json', 1);
  await page.getByRole('button', { name: 'Close all' }).click();
  await page.getByText('None.').waitFor();
  const first = await sampled(page);
  await generated(page, 'csv', 1);
  await generated(page, 'markdown', 1);
  const full = await sampled(page);
  await page.getByRole('button', { name: 'Close all' }).click();
  await page.getByText('None.').waitFor();
  const end = await sampled(page);
  assert.ok(full.liveBytes > first.liveBytes + 1_000_000);
  assert.ok(Math.abs(end.liveBytes - first.liveBytes) < 4096, `${first.liveBytes} -> ${end.liveBytes}`);
  await page.context().close();
});

test('a file that the demo cannot read is answered with a sentence, and nothing stays open', async () => {
  const { page } = await open(browser);
  await page.locator('demo-panel input[type="file"]').setInputFiles({ name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{"a": [1, 2') });
  const alert = page.locator('demo-panel [role="alert"]');
  await alert.waitFor();
  assert.match(await alert.innerText(), /[A-Za-z].{10,}/);
  assert.deepEqual(await texts(page, 'demo-panel .documents li'), []);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await alert.count(), 0);
  await page.context().close();
});

test('a dropped file is opened', async () => {
  const { page } = await open(browser);
  await page.evaluate(() => {
    const drop = new DataTransfer();
    drop.items.add(new File(['# Paths\n\nA *garden* path.\n'], 'paths.md'));
    document.querySelector('demo-panel')?.dispatchEvent(new DragEvent('drop', { dataTransfer: drop, bubbles: true, cancelable: true }));
  });
  await page.locator('demo-panel .name', { hasText: 'paths.md' }).waitFor();
  await page.context().close();
});

test('making a large file can be stopped', async () => {
  const { page } = await open(browser);
  await page.getByLabel('Size of the file').selectOption('50');
  await page.getByRole('button', { name: 'Generate and open' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('was not finished: it was stopped').waitFor();
  assert.deepEqual(await texts(page, 'demo-panel .documents li'), []);
  await page.context().close();
});

test('a program that traps is said to have, and its memory stays readable', async () => {
  const { page } = await open(browser);
  await generated(page, 'json', 1);
  const before = await sampled(page);
  await page.evaluate(async () => {
    const file = new File([], 'huge.json');
    // 2 GiB, which no allocation can have: the program ends as Rust programs do without memory. A memory's bytes take no room until touched.
    file.arrayBuffer = async () => new WebAssembly.Memory({ initial: 32_768 }).buffer;
    await document.querySelector<DemoPanel>('demo-panel')?.openFiles([file]);
  });
  assert.match(await page.locator('demo-panel [role="alert"]').innerText(), /The program trapped \(.+\)\. Its memory can still be inspected/);
  assert.ok(await page.getByRole('button', { name: 'Open files …' }).isDisabled());
  const after = await sampled(page);
  assert.deepEqual(after.problems, []);
  assert.ok(Math.abs(after.liveBytes - before.liveBytes) < 1024, 'but for the name of the file nothing was allocated');
  await show(page, 'check');
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.getByText(/^No problem found in/).waitFor();
  await page.context().close();
});

test('details stay open at the document they are of when another one is closed', async () => {
  const { page } = await open(browser);
  await page.locator('demo-panel input[type="file"]').setInputFiles(['one', 'two', 'three'].map((name) => ({ name: `${name}.md`, mimeType: 'text/markdown', buffer: Buffer.from(`# ${name}`) })));
  await page.locator('demo-panel .name', { hasText: 'three.md' }).waitFor();
  await page.getByText('Details', { exact: true }).nth(1).click();
  await page.getByLabel('Preview of two.md').waitFor();
  await page.getByRole('button', { name: 'Close one.md' }).click();
  await page.locator('demo-panel .name', { hasText: 'one.md' }).waitFor({ state: 'detached' });
  assert.deepEqual(await texts(page, 'demo-panel li:has(details[open]) .name'), ['two.md']);
  await page.context().close();
});
