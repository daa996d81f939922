/** Claim: the map can be scrubbed through what it showed before, says that this is the past, covers the time that was chosen on the chart, and comes back to now. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { DemoPanel } from '../../demo/demo-panel.ts';
import { moment } from '../../model/format.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { generated, launch, open, recorded, sampled, show, texts } from './open.ts';

let browser: Browser;
let page: Page;
let complaints: string[];
/** When the documents were open, in seconds since the recording began. */
let full: number;
before(async () => {
  browser = await launch();
  ({ page, complaints } = await open(browser));
  await page.getByLabel('Sampling interval').selectOption('250');
  await show(page, 'map');
  await kept(1);
  await generated(page, 'json', 5);
  await generated(page, 'csv', 5);
  const count = await maps();
  await kept(count + 2);
  full = await newest();
  await page.evaluate(() => document.querySelector<DemoPanel>('demo-panel')?.closeAll());
  await kept(count + 4);
});
after(() => browser.close());

async function maps(): Promise<number> {
  return page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.maps.all.length ?? 0);
}

async function newest(): Promise<number> {
  return page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.maps.all.at(-1)?.time ?? -1);
}

/** Waits until so many past maps are kept. */
async function kept(count: number): Promise<void> {
  await page.waitForFunction((least) => (document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.maps.all.length ?? 0) >= least, count, { timeout: 20_000 });
}

/** Share of a canvas that has the colour of a custom property. */
async function drawn(selector: string, property: string): Promise<number> {
  return page.locator(selector).evaluate((canvas, name) => {
    if (!(canvas instanceof HTMLCanvasElement)) return 0;
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.setProperty('color', `var(${name})`);
    const wanted = getComputedStyle(probe).color.match(/\d+/g)?.map(Number) ?? [];
    probe.remove();
    // From a copy: the browser warns of canvases that are read again and again.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy?.drawImage(canvas, 0, 0);
    const data = copy?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray(4);
    let same = 0;
    for (let at = 0; at < data.length; at += 4) if (wanted.every((part, index) => data[at + index] === part)) same += 1;
    return same / (data.length / 4);
  }, property);
}

const slider = () => page.getByLabel('Time', { exact: true });
const PAST = 'map-scrubber canvas';
const NOW = 'heap-map .window canvas';

/** Goes to the newest map that is not newer than `time`, by keys. */
async function scrubTo(time: number): Promise<void> {
  await slider().focus();
  await page.keyboard.press('Home');
  const steps = await page.evaluate((until) => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.maps.all.filter((map) => map.time <= until).length ?? 0, time);
  for (let step = 1; step < steps; step += 1) await page.keyboard.press('ArrowRight');
}

test('at first it is now, and nothing says otherwise', async () => {
  assert.match(await slider().getAttribute('aria-valuetext') ?? '', /^Now, [\d.]+ MiB$/);
  assert.equal(await slider().inputValue(), await slider().getAttribute('max'));
  assert.ok(await page.getByRole('button', { name: 'Now', exact: true }).isDisabled());
  assert.equal(await page.locator(PAST).isVisible(), false);
  assert.deepEqual(await texts(page, 'map-scrubber [role="status"]'), ['']);
});

test('scrubbed back, documents that were closed are on the map, and the page says that this is the past', async () => {
  await page.waitForTimeout(300);
  const free = await drawn(NOW, '--part-arena-free');
  const place = async (selector: string): Promise<object> => await page.locator(selector).boundingBox() ?? assert.fail(selector);
  const [now, bar] = [await place(NOW), await place('map-scrubber input')];
  await scrubTo(full);
  await page.locator(PAST).waitFor();
  await page.waitForTimeout(200);
  const then = await drawn(PAST, '--part-arena-free');
  assert.deepEqual([await place(PAST), await place('map-scrubber input')], [now, bar], 'map and slider stay where they are');
  assert.ok(free > then + 0.1, `${free} of the map is free now, ${then} was`);
  const [note] = await texts(page, 'map-scrubber [role="status"]');
  assert.match(note ?? '', /^This is the past, by owner, in cells of \d+\sKiB\. All that is not on this map is of now\.\s+Recording goes on\./);
  assert.match(await slider().getAttribute('aria-valuetext') ?? '', /^\d+:\d\d\.\d, [\d.]+ MiB, \d+ s ago$/);
  assert.equal((await texts(page, 'map-scrubber output'))[0], await slider().getAttribute('aria-valuetext'));
});

test('what is of now only cannot be reached in the past, the legend works on it', async () => {
  for (const name of ['Colour by', 'Show one size class', 'Address to find']) {
    assert.equal(await page.getByLabel(name).evaluate((control) => {
      if (control instanceof HTMLElement) control.focus();
      return control.matches(':focus');
    }), false, name);
  }
  assert.equal(await page.locator('address-panel').isVisible(), false);
  assert.equal(await page.locator(NOW).isVisible(), false);
  const large = await drawn(PAST, '--part-large');
  const legend = page.getByRole('button', { name: 'Stack', exact: true });
  await legend.click();
  await page.waitForTimeout(200);
  assert.ok(await drawn(PAST, '--part-large') < large, 'the others are faded');
  await legend.click();
});

test('recording goes on meanwhile, and what is shown stays', async () => {
  const words = async (): Promise<string | undefined> => (await slider().getAttribute('aria-valuetext'))?.split(',')[0];
  const [samples, count, before] = [(await recorded(page)).samples, await maps(), await words()];
  await kept(count + 1);
  assert.ok((await recorded(page)).samples > samples);
  assert.equal(await words(), before);
  assert.equal(Number(await slider().getAttribute('max')), await maps());
});

test('Escape and the button lead back to now', async () => {
  await slider().focus();
  await page.keyboard.press('Escape');
  await page.locator(NOW).waitFor();
  assert.match(await slider().getAttribute('aria-valuetext') ?? '', /^Now/);
  await page.keyboard.press('Home');
  await page.locator(PAST).waitFor();
  // Nothing in the map has the focus: the key leads back still.
  await page.locator(PAST).click();
  await page.keyboard.press('Escape');
  await page.locator(PAST).waitFor({ state: 'hidden' });
  await slider().focus();
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await page.locator(NOW).waitFor();
  assert.equal(await slider().evaluate((input) => input.matches(':focus')), true);
  assert.ok(await drawn(NOW, '--part-arena-free') > 0.1);
});

test('an address that is looked for is one of now', async () => {
  await slider().focus();
  await page.keyboard.press('Home');
  await page.locator(PAST).waitFor();
  const { memoryBytes } = await sampled(page);
  await page.getByLabel('Search', { exact: true }).fill(`0x${(memoryBytes - 4096).toString(16)}`);
  await page.keyboard.press('Enter');
  await page.locator('address-panel').waitFor();
  assert.equal(await page.locator(PAST).isVisible(), false);
});

test('the slider covers only the time that was chosen on the chart', async () => {
  const choose = (from: number, to: number): Promise<void> => page.evaluate((range) => document.querySelector<InspectorApp>('inspector-app')?.state?.range.set(range), [from, to] as const);
  await choose(full - 0.1, full + 0.1);
  await page.getByText(/^Only the time that was chosen on the chart/).waitFor();
  assert.equal(await slider().getAttribute('max'), '1');
  await slider().focus();
  await page.keyboard.press('Home');
  assert.equal((await slider().getAttribute('aria-valuetext'))?.split(',')[0], moment(full));
  await page.keyboard.press('Escape');
  await choose(full + 0.01, full + 0.02);
  await page.getByText(/^There is no past map of the time that was chosen/).waitFor();
  assert.equal(await slider().count(), 0);
  await page.getByRole('button', { name: 'All of the time' }).click();
  await slider().waitFor();
  assert.equal(Number(await slider().getAttribute('max')), await maps());
  assert.deepEqual(complaints, []);
});

test('the past fits a narrow screen, follows the theme, and its canvas the width of the screen', async () => {
  await scrubTo(full);
  const at = await drawn(PAST, '--part-arena-free');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForTimeout(300);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
  const dark = await drawn(PAST, '--part-arena-free');
  assert.ok(Math.abs(dark - at) < 0.15, `${dark} of it is free in the dark, ${at} in the light`);
  const [drawnWidth, box] = await page.locator(PAST).evaluate((canvas) => [canvas instanceof HTMLCanvasElement ? canvas.width : 0, canvas.clientWidth]);
  assert.equal(drawnWidth, box);
});
