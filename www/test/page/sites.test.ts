/**
 * Claim: call sites are sorted, filtered and chosen by mouse and keys, estimates say how sure they are, and the flame graph zooms by click and by keys with
 * the same in a table.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { SITE_COLUMNS, siteOrderBy, sitesInOrder } from '../../model/site-rows.ts';
import { siteNames } from '../../model/site-names.ts';
import { FRAMES, SITES } from '../fake-audit.ts';
import { faked } from './faked.ts';
import { launch, show, texts, type Opened } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function opened(): Promise<Opened> {
  const found = await faked(browser);
  await show(found.page, 'sites');
  await found.page.locator('site-table tbody tr').first().waitFor();
  return found;
}

const sites = siteNames(SITES, FRAMES);
const shown = (page: Page): Promise<number[]> => page.locator('site-table tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-site'))));
const path = async (page: Page): Promise<string[]> => (await page.locator('flame-graph .path').innerText()).split('›').map((name) => name.trim());
const bar = (page: Page, name: string) => page.locator('flame-graph g').and(page.locator(`[data-key$="${name}"]`)).last();

test('every head sorts by click and turns; a word filters', async () => {
  const { page, complaints } = await opened();
  for (const { key } of SITE_COLUMNS.filter((column) => column.key !== 'liveBytes')) {
    const order = siteOrderBy(key);
    await page.locator(`site-table button[data-column="${key}"]`).click();
    assert.deepEqual(await shown(page), sitesInOrder(sites, order).map(({ row }) => row.id), key);
    await page.locator(`site-table button[data-column="${key}"]`).press('Enter');
    assert.deepEqual(await shown(page), sitesInOrder(sites, { key, descending: !order.descending }).map(({ row }) => row.id), `${key}, turned`);
  }
  await page.getByLabel('Filter by function, file or tag').fill('json');
  assert.equal((await shown(page)).length, 2);
  await page.getByLabel('Filter by function, file or tag').fill('marble');
  await page.getByText('No call site has that in it').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('keys choose a site, and its details say how sure its figures are', async () => {
  const { page } = await opened();
  const row = page.locator('site-table tr[aria-selected="true"]');
  assert.match(await row.innerText(), /≈ 6 MiB\s*± 8 %/);
  await row.focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('site-details h2').innerText(), /^demo::json::Parser::string/);
  assert.match(await page.locator('site-details .sure').innerText(), /^Worked out from 810 samples, of which 36 are live/);
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('site-details .sure').innerText(), /^Each of 4 requests was recorded, so the figures are exact/);
  await page.keyboard.press('End');
  assert.equal(await page.locator('site-table tr:focus').getAttribute('data-site'), '4');
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'Show in the log' }).click();
  await page.getByText('Only of call site 1, which is chosen above.').waitFor();
  assert.ok((await texts(page, 'log-table tbody td.site')).every((words) => words === 'demo::csv::Column::push'));
  await page.context().close();
});

test('a click zooms, and the path leads back', async () => {
  const { page, complaints } = await opened();
  await bar(page, 'demo::csv::read').click();
  assert.deepEqual(await path(page), ['All sites', 'workbench_open', 'demo::workbench::Workbench::open', 'demo::csv::read']);
  assert.equal(await page.locator('flame-graph svg.all > svg').count(), 5, 'what is beside it is not drawn');
  await page.locator('flame-graph .path button', { hasText: 'workbench_open' }).click();
  assert.deepEqual(await path(page), ['All sites', 'workbench_open']);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the pointer shows what a bar is; the tip goes with it', async () => {
  const { page } = await opened();
  await bar(page, 'demo::index::Index::add').hover();
  const tip = page.locator('flame-graph #tip');
  await tip.waitFor({ state: 'visible' });
  assert.match((await tip.innerText()).replaceAll('\u00a0', ' '), /^demo::index::Index::add\s+src\/index\.rs:52:17\s+1 MiB\s+· 10\.4 %/);
  await page.mouse.move(2, 2);
  await tip.waitFor({ state: 'hidden' });
  await page.context().close();
});

test('keys move, zoom and come back, and each bar is said', async () => {
  const { page } = await opened();
  const said = (): Promise<string> => page.locator('flame-graph .said').innerText();
  await page.locator('flame-graph .graph').focus();
  for (const [key, words] of [['ArrowDown', /^All sites: ≈ 9\.58/], ['ArrowDown', /^workbench_open/], ['ArrowDown', /^demo::workbench::Workbench::open/], ['ArrowDown', /^demo::csv::read/], ['ArrowRight', /^demo::json::Parser::value/], ['ArrowUp', /^demo::workbench/]] as const) {
    await page.keyboard.press(key);
    assert.match(await said(), words, key);
  }
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.equal((await path(page)).at(-1), 'demo::json::Parser::value');
  await page.keyboard.press('Escape');
  assert.equal((await path(page)).at(-1), 'demo::workbench::Workbench::open');
  await page.keyboard.press('ArrowRight');
  assert.match(await said(), /^demo::index::Index::build/);
  await page.keyboard.press('ArrowDown');
  await page.getByRole('button', { name: 'Show the site' }).click();
  assert.match(await page.locator('site-details h2').innerText(), /^demo::index::Index::add/);
  await page.context().close();
});

test('other widths and tags make other graphs', async () => {
  const { page } = await opened();
  await page.getByLabel('Width of the bars').selectOption('count');
  assert.match(await page.locator('flame-graph .said').innerText(), /^All sites: ≈ 1,347,\d+ objects asked for so far/);
  await page.getByRole('button', { name: 'By tag' }).click();
  assert.equal(await bar(page, 'import').count(), 1);
  await page.context().close();
});

test('the same is a tree in a table, which keys open and close', async () => {
  const { page } = await opened();
  await page.getByText('As a table').click();
  const rows = (): Promise<(string | undefined)[]> => page.locator('flame-table tbody th').allInnerTexts().then((all) => all.map((text) => text.replace(/^[▾▸]\s*/, '').trim()));
  assert.deepEqual(await rows(), ['All sites', 'workbench_open', '+0x7a0', 'no stack recorded', 'workbench_preview']);
  await page.locator('flame-table tr[tabindex="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual((await rows()).slice(0, 3), ['All sites', 'workbench_open', 'demo::workbench::Workbench::open']);
  assert.equal(await page.locator('flame-table tr:focus').getAttribute('aria-level'), '2');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator('flame-table tr:focus').getAttribute('aria-expanded'), 'false');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator('flame-table tr:focus').getAttribute('aria-level'), '1');
  await page.context().close();
});
