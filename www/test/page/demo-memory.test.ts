/** Claim: in the demo, closing most of many documents and giving memory back makes the heap's free memory rise, by moves too, and the page says by how much. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { DemoPanel } from '../../demo/demo-panel.ts';
import { launch, open, sampled, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Opens many documents and waits until they are listed. */
async function many(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open 200 small documents' }).click();
  await page.locator('demo-panel .documents li').nth(199).waitFor();
}

/** The bytes that a sentence speaks of, in order. */
function figures(sentence: string): number[] {
  const units: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 * 1024 };
  return [...sentence.matchAll(/([\d.,]+) (B|KiB|MiB)/g)].map(([, number = '', unit = '']) => Number(number.replace(',', '')) * (units[unit] ?? NaN));
}

test('closing most of many documents and giving memory back frees memory at each step, and what stays open stays right', async () => {
  const { page, complaints } = await open(browser);
  await many(page);
  await page.getByRole('button', { name: 'Close most of them' }).click();
  await page.waitForFunction(() => document.querySelector<DemoPanel>('demo-panel')?.documents.length === 20);
  const kept = await texts(page, 'demo-panel .documents li');
  const holes = await sampled(page);
  await page.getByRole('button', { name: 'Give memory back' }).press('Enter');
  await page.getByText('are free again').waitFor();
  const given = await sampled(page);
  const rise = given.composition.arenaFree - holes.composition.arenaFree;
  assert.ok(rise > 30_000, `${rise} bytes more are free`);
  const [total = 0, ...steps] = figures((await texts(page, 'demo-panel [role="status"]')).join());
  assert.equal(steps.length, 4);
  assert.ok((steps[3] ?? 0) > 10_000, `${steps[3]} bytes by moves`);
  assert.ok(Math.abs(total - rise) < 0.05 * rise, `${total} are said to be free, ${rise} are more free`);
  assert.equal(given.pages, holes.pages);
  assert.deepEqual(given.problems, []);
  assert.deepEqual(await texts(page, 'demo-panel .documents li'), kept);
  await page.getByText('Details', { exact: true }).nth(7).click();
  await page.locator('demo-panel pre').waitFor();
  assert.match(await page.locator('demo-panel pre').innerText(), /[A-Za-z]{3}/);
  await page.getByRole('button', { name: 'Give memory back' }).click();
  await page.getByText('are free again').or(page.getByText('Nothing was left')).waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('after documents were closed the program tidies up for a while, and then nothing changes any more', async () => {
  const { page } = await open(browser);
  await many(page);
  await page.getByRole('button', { name: 'Close most of them' }).click();
  await page.waitForFunction(() => document.querySelector<DemoPanel>('demo-panel')?.documents.length === 20);
  const closed = await sampled(page);
  await page.waitForTimeout(4000);
  const tidied = await sampled(page);
  const rise = tidied.composition.arenaFree - closed.composition.arenaFree;
  assert.ok(rise > 4096, `${rise} bytes more are free`);
  await page.waitForTimeout(1000);
  assert.deepEqual(await sampled(page), tidied);
  await page.context().close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`many documents fit 360 pixels, ${colorScheme}`, async () => {
    const { page, complaints } = await open(browser, { viewport: { width: 360, height: 740 }, colorScheme });
    await many(page);
    await page.getByRole('button', { name: 'Give memory back' }).click();
    await page.getByText('are free again').waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    if (process.env['FLAGSTONE_SCREENSHOTS'] !== undefined) {
      await page.locator('demo-panel').screenshot({ path: `${process.env['FLAGSTONE_SCREENSHOTS']}/demo-${colorScheme}-360.png` });
    }
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}
