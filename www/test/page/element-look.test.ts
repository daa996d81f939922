/**
 * Claim: as a panel over somebody else's page every view fits, however narrow the panel is in a window that is wide, and axe finds no serious fault, in
 * light and in dark. With FLAGSTONE_SCREENSHOTS set to a folder, a picture of each is left there. Needs the built package and demo.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { TABS } from '../../state.ts';
import { plain, serveElement, shown } from './element-pages.ts';
import { launch } from './open.ts';
import type { Site } from './site.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

let browser: Browser;
let site: Site;
let axe: string;
before(async () => {
  browser = await launch();
  site = await serveElement();
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});
after(async () => {
  await browser.close();
  site.close();
});

for (const [theme, screen, width] of [['light', 1360, 960], ['dark', 1360, 420], ['light', 360, 328]] as const) {
  test(`a panel of ${width} pixels in a window of ${screen}, ${theme}`, async () => {
    const { page, complaints } = await plain(browser, site, { viewport: { width: screen, height: 900 }, colorScheme: theme, bypassCSP: true });
    await page.evaluate(axe);
    await page.evaluate(async (pixels) => {
      const inspector = document.createElement('heap-inspector');
      inspector.mode = 'panel';
      inspector.style.width = `${pixels}px`;
      document.body.append(inspector);
      await inspector.attach(window.program.exports);
    }, width);
    await shown(page);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      await page.waitForTimeout(500);
      const wide = await page.evaluate(() => document.querySelector('heap-inspector')?.shadowRoot?.querySelector('.body')?.scrollWidth ?? Infinity);
      assert.ok(wide <= width, `${tab} is ${wide} pixels wide`);
      const results = await page.evaluate(async (): Promise<AxeResults> => Reflect.get(window, 'axe').run('heap-inspector', { resultTypes: ['violations'] }));
      const serious = results.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      assert.deepEqual(serious.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.flat().join(' ')}: ${failureSummary ?? ''}`)), [], tab);
      if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `panel-${tab}-${theme}-${width}.png`) });
    }
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}
