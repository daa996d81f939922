/**
 * Claim: the views of diagnosis fit every screen in both themes, say what is missing, and never depend on a program that still runs. The heap is made
 * up, so that each kind of fault is there. With FLAGSTONE_SCREENSHOTS set to a folder, pictures are left there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { AuditReport } from '../../model/records.ts';
import { FAULTS, QUIET, REPORT } from '../fake-audit.ts';
import { faked, told } from './faked.ts';
import { launch, show } from './open.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

/** Modules that have less to say. */
const OTHERS: readonly [string, AuditReport | null][] = [['quiet', QUIET], ['no-audit', null], ['no-faults', { ...REPORT, faults: [], faultsEver: 0, exhaustion: null, command: 'done' }]];

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1360]) {
    test(`it fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, complaints } = await faked(browser, { viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme });
      const picture = async (name: string): Promise<void> => {
        await page.evaluate(() => scrollTo(0, 0));
        await page.waitForTimeout(250);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${name} is ${wide} pixels wide`);
        if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      };
      const fold = page.getByRole('button', { name: 'Hide' });
      if (await fold.isVisible()) await fold.click();
      await picture('diagnosis-news');
      await show(page, 'faults');
      for (const { id, kind } of FAULTS) {
        await page.locator(`button[data-fault="${id}"]`).click();
        await picture(`fault-${id}-${kind.replace(' ', '-')}`);
      }
      await page.getByText('What the modes do').click();
      await picture('fault-modes');
      await show(page, 'sites');
      await page.locator('flame-graph .graph').waitFor();
      await picture('sites');
      await page.getByText('As a table').click();
      await page.getByRole('button', { name: 'By tag' }).click();
      await picture('sites-by-tag');
      await show(page, 'log');
      await page.locator('log-table tbody tr').first().waitFor();
      await picture('log');
      await page.locator('log-table tbody tr').first().getByRole('button').first().click();
      await picture('log-past');
      await show(page, 'map');
      await page.getByLabel('Address to find').fill('0x001a2044');
      await page.getByRole('button', { name: 'Find' }).click();
      await picture('address-past');
      for (const [name, report] of OTHERS) {
        await told(page, report);
        for (const tab of ['sites', 'log', 'faults'] as const) {
          await show(page, tab);
          await picture(`${name}-${tab}`);
        }
      }
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}
