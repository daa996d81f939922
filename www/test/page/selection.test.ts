/** Claim: a cache, a call site, an address and a part of the time are chosen once, for all views, and each choice is ended where it is said. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { ENTRIES, OBJECT } from '../fake-audit.ts';
import { faked } from './faked.ts';
import { launch, show, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('a call site that is chosen is chosen in the log and among faults', async () => {
  const { page, complaints } = await faked(browser);
  await show(page, 'sites');
  assert.equal(await page.locator('selection-bar button').count(), 0, 'nothing is chosen');
  await page.locator('site-table tr[data-site="5"]').click();
  assert.deepEqual(await texts(page, 'selection-bar button'), ['call site 5 ×']);
  await show(page, 'faults');
  await page.locator('faults-view li.chosen').first().waitFor();
  assert.deepEqual(await page.locator('faults-view li.chosen button').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-fault'))), ['8', '7']);
  await show(page, 'log');
  await page.getByText('Only of call site 5, which is chosen above.').waitFor();
  const mine = ENTRIES.filter(({ site }) => site === 5).length;
  assert.equal(await page.locator('log-table tbody tr').count(), mine);
  await page.getByRole('button', { name: 'End the choice of call site 5' }).click();
  await page.locator('log-table .narrowed').waitFor({ state: 'detached' });
  await page.waitForFunction((all) => document.querySelector('inspector-app')?.shadowRoot?.querySelector('log-view')?.shadowRoot?.querySelector('log-table')?.shadowRoot?.querySelectorAll('tbody tr').length === all, ENTRIES.length);
  assert.equal(await page.locator('selection-bar button').count(), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('an object cache that is chosen stands out on the map, and is the one that its own view shows', async () => {
  const { page, complaints } = await faked(browser);
  await page.evaluate(() => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    const tokens = app?.state?.objects.value.objectCaches.find(({ name }) => name === 'tokens');
    app?.state?.spotlight.set(tokens === undefined ? undefined : -tokens.number);
  });
  await page.getByText('cache tokens').waitFor();
  await show(page, 'log');
  await page.getByText('Only of the cache tokens, which is chosen above.').waitFor();
  assert.deepEqual(await texts(page, 'log-table td.event'), ['free', 'slab gone']);
  await page.getByLabel('Cache', { exact: true }).selectOption({ label: 'none: the front end' });
  assert.equal(await page.locator('log-table .narrowed').count(), 0, 'what is typed goes before what is chosen');
  await page.getByRole('button', { name: 'End the choice of cache tokens' }).click();
  assert.equal(await page.locator('selection-bar button').count(), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a size class is marked among the caches, an address among the segments, a time among the snapshots', async () => {
  const { page, complaints } = await faked(browser);
  await show(page, 'snapshots');
  await page.getByRole('button', { name: 'Take' }).first().click();
  await page.locator('snapshots-view tr[data-snapshot]').first().waitFor();
  const chosen = await page.evaluate(() => {
    const { state } = document.querySelector<InspectorApp>('inspector-app') ?? {};
    const cache = state?.caches.value.find(({ live, slabs }) => live > 0 && slabs > 0);
    const [segment] = state?.arenas.value[0]?.spanList ?? [];
    state?.spotlight.set(cache?.class);
    state?.chosen.set(segment === undefined ? undefined : segment.start + 1);
    state?.range.set([0, 1e6]);
    return { name: cache?.name, class: cache?.class };
  });
  assert.equal(await page.locator('snapshots-view tr.chosen').count(), 1);
  assert.equal(await page.locator('selection-bar button').count(), 3);
  await show(page, 'caches');
  assert.deepEqual(await page.locator('cache-table tr.chosen').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-class'))), [String(chosen.class)]);
  await show(page, 'arenas');
  await page.locator('segment-table tr.chosen').waitFor();
  assert.equal(await page.locator('segment-table tr.chosen').count(), 1);
  for (const left of [2, 1, 0]) {
    await page.locator('selection-bar button').first().click();
    assert.equal(await page.locator('selection-bar button').count(), left);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('an address that is chosen is the one that the log tells of', async () => {
  const { page } = await faked(browser);
  await page.evaluate((address) => document.querySelector<InspectorApp>('inspector-app')?.state?.chosen.set(address), OBJECT);
  await show(page, 'log');
  await page.getByText('Only of the object at 0x001a2040, which is chosen above.').waitFor();
  assert.equal(await page.locator('log-table tbody tr').count(), ENTRIES.filter(({ address, size }) => address !== 0 && OBJECT >= address && OBJECT < address + size).length);
  await page.context().close();
});

test('Show all in the log ends what was typed and what is chosen, also where one hides the other', async () => {
  const { page } = await faked(browser);
  await page.evaluate((address) => {
    const { state } = document.querySelector<InspectorApp>('inspector-app') ?? {};
    state?.diagnosis.site.set(5);
    state?.chosen.set(address);
    state?.range.set([0, 1]);
  }, OBJECT);
  await show(page, 'log');
  await page.getByText('No entry is of what is chosen.').waitFor();
  await page.getByLabel('Number of the site').fill('2');
  await page.getByLabel('Number of the site').press('Enter');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.locator(`log-table tbody tr:nth-child(${ENTRIES.length})`).waitFor();
  assert.deepEqual(await texts(page, 'selection-bar button'), ['time 0:00.0 – 0:01.0 ×'], 'the log does not know the time');
  await page.context().close();
});
