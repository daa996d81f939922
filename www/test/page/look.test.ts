/**
 * Claim: every view fits every screen in both themes, colours have enough contrast, and states without a heap are said in sentences.
 * With FLAGSTONE_SCREENSHOTS set to a folder, a picture of each view is left there, and those in `docs/` as `docs-*`.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { URL_OF_PAGE, blank, generated, launch, open, show } from './open.ts';

const TABS = ['overview', 'caches', 'objects', 'arenas', 'map', 'snapshots', 'leaks', 'sites', 'log', 'faults', 'check'] as const;
const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of colorScheme === 'light' ? [360, 1360, 3840] : [360, 1360]) {
    test(`every view fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, complaints } = await open(browser, { viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme });
      await generated(page, 'json', 20);
      await page.getByRole('button', { name: /\.(csv|md)$/ }).first().click();
      await page.waitForTimeout(800);
      const fold = page.getByRole('button', { name: 'Hide' });
      if (await fold.isVisible()) await fold.click();
      for (const tab of TABS) {
        await show(page, tab);
        if (tab === 'map') await page.locator('heap-map .window').click({ position: { x: 150, y: 100 } });
        if (tab === 'check') await page.getByRole('button', { name: 'Check now' }).click();
        await page.waitForTimeout(400);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${tab} is ${wide} pixels wide`);
        await picture(page, `${tab}-${colorScheme}-${width}`);
      }
      await show(page, 'map');
      const closer = page.getByRole('button', { name: 'Zoom in' });
      while (await closer.isEnabled()) await closer.click();
      await page.waitForTimeout(400);
      await picture(page, `map-objects-${colorScheme}-${width}`);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}

test('the pictures of the documentation', { skip: PICTURES === undefined }, async () => {
  const { page } = await open(browser, { viewport: { width: 1200, height: 1390 }, colorScheme: 'light' });
  const closed = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: `Close ${name}` }).click();
    await page.waitForTimeout(900);
  };
  await page.waitForTimeout(600);
  for (const [kind, size] of [['csv', 5], ['markdown', 5], ['json', 20], ['csv', 20]] as const) {
    await generated(page, kind, size);
    await page.waitForTimeout(900);
    if (kind === 'markdown') await closed('survey-5MB.csv');
    if (kind === 'json') await closed('survey-5MB.md');
  }
  await page.getByRole('button', { name: 'workshop.rhai' }).click();
  await page.waitForTimeout(600);
  await picture(page, 'docs-overview');
  await closed('survey-20MB.csv');
  await page.setViewportSize({ width: 1200, height: 1000 });
  await show(page, 'map');
  await page.locator('heap-map .window').click({ position: { x: 660, y: 250 } });
  await page.mouse.move(0, 0);
  await page.waitForTimeout(400);
  await picture(page, 'docs-map');
  await page.context().close();
});

test('a chosen theme wins over the system’s and is remembered', async () => {
  const { page } = await open(browser, { colorScheme: 'light' });
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByLabel('Theme').selectOption('dark');
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await ground(), dark);
  await page.getByLabel('Theme').selectOption('auto');
  assert.equal(await ground(), light);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.equal(await ground(), dark);
  await page.context().close();
});

/** Text needs 4.5:1 on its ground; borders of controls, focus and the strong colours of the map need 3:1. */
const PAIRS: [string, string, number][] = [
  ...['--bg', '--surface', '--raised', '--accent-soft'].flatMap((ground): [string, string, number][] => [['--text', ground, 4.5], ['--muted', ground, 4.5]]),
  ['--accent', '--surface', 4.5], ['--on-accent', '--accent', 4.5], ['--good', '--good-soft', 4.5], ['--bad', '--bad-soft', 4.5], ['--bad', '--surface', 4.5],
  ['--edge', '--surface', 3], ['--edge', '--bg', 3], ['--focus', '--surface', 3], ['--focus', '--bg', 3],
  ...['live', 'large', 'magazines', 'slab-overhead', 'metadata', 'static', 'stack', 'foreign'].map((part): [string, string, number] => [`--part-${part}`, '--surface', 3]),
];

for (const colorScheme of ['light', 'dark'] as const) {
  test(`colours have enough contrast, ${colorScheme}`, async () => {
    const { page } = await open(browser, { colorScheme });
    const names = [...new Set(PAIRS.flatMap(([one, other]) => [one, other]))];
    const computed = await page.evaluate((properties) => {
      const probe = document.body.appendChild(document.createElement('i'));
      return properties.map((property) => {
        probe.style.setProperty('color', `var(${property})`);
        return getComputedStyle(probe).color;
      });
    }, names);
    const luminance = new Map(names.map((name, index) => {
      const [red = 0, green = 0, blue = 0] = (computed[index]?.match(/[\d.]+/g) ?? []).map((value) => {
        const part = Number(value) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return [name, 0.2126 * red + 0.7152 * green + 0.0722 * blue];
    }));
    for (const [one, other, least] of PAIRS) {
      const [low = 0, high = 0] = [luminance.get(one) ?? 0, luminance.get(other) ?? 0].sort((a, b) => a - b);
      const contrast = (high + 0.05) / (low + 0.05);
      assert.ok(contrast >= least, `${one} on ${other}: ${contrast.toFixed(2)} of ${least}`);
    }
    await page.context().close();
  });
}

test('tabs, like everything, are reached and worked by keys', async () => {
  const { page } = await open(browser);
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('tool-bar [role="tab"]:focus').innerText(), 'Overview');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('tool-bar [role="tab"]:focus').innerText(), 'Caches');
  await page.locator('cache-table').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('tool-bar search-box input:focus').count(), 1);
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('tool-bar button:focus').innerText(), 'Pause');
  await page.context().close();
});

test('without its engine the page says so', async () => {
  const { page } = await blank(browser);
  await page.route('**/flagstone.js', (route) => route.abort());
  await page.goto(URL_OF_PAGE);
  await page.getByText('Nothing to inspect').waitFor();
  assert.match(await page.locator('inspector-app .state').innerText(), /engine of the inspector could not be loaded/);
  await picture(page, 'no-engine');
  await page.context().close();
});

test('without a program both sides say so', async () => {
  const { page } = await blank(browser);
  await page.route('**/flagstone_demo.js', (route) => route.abort());
  await page.goto(URL_OF_PAGE);
  await page.getByText('There is no running program whose memory could be read.').waitFor();
  await page.getByText('The demo program could not be loaded').waitFor();
  await page.context().close();
});

test('a memory without a root is said to be one', async () => {
  const { page } = await blank(browser);
  const body = 'export default async () => ({ memory: new WebAssembly.Memory({ initial: 3 }) }); export class Workbench { list() { return []; } }';
  await page.route('**/flagstone_demo.js', (route) => route.fulfill({ contentType: 'text/javascript', body }));
  await page.goto(URL_OF_PAGE);
  await page.getByText('Nothing to inspect').waitFor();
  assert.match(await page.locator('inspector-app .state p').innerText(), /no flagstone root/);
  await page.context().close();
});
