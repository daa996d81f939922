/** Claim: axe finds no serious fault in any view, in light and in dark, on a narrow and on a wide screen. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { TABS } from '../../state.ts';
import { generated, launch, open, show } from './open.ts';

let browser: Browser;
let source: string;
before(async () => {
  browser = await launch();
  source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});
after(() => browser.close());

/** What axe finds serious or critical, a line each. */
async function serious(page: Page): Promise<string[]> {
  const results = await page.evaluate(async (): Promise<AxeResults> => Reflect.get(window, 'axe').run(document, { resultTypes: ['violations'] }));
  return results.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.flat().join(' ')}: ${failureSummary ?? ''}`));
}

for (const [theme, width] of [['light', 1360], ['dark', 360]] as const) {
  test(`every view, ${theme}, ${width} pixels wide`, async () => {
    const { page } = await open(browser, { viewport: { width, height: 900 }, colorScheme: theme, bypassCSP: true });
    await page.evaluate(source);
    await generated(page, 'json', 1);
    await page.waitForTimeout(1500);
    for (const summary of await page.locator('verdict-card summary').all()) await summary.click();
    for (const tab of TABS) {
      await show(page, tab);
      await page.waitForTimeout(500);
      assert.deepEqual(await serious(page), [], tab);
    }
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.locator('export-menu li').first().waitFor();
    assert.deepEqual(await serious(page), [], 'the menu of exports');
    await page.context().close();
  });
}

test('a button without a name would be found', async () => {
  const { page } = await open(browser, { bypassCSP: true });
  await page.evaluate(source);
  await page.evaluate(() => document.querySelector('inspector-app')?.shadowRoot?.append(document.createElement('button')));
  assert.match((await serious(page)).join(), /^button-name: /);
  await page.context().close();
});
