/** Claim: the cache table sorts by each column, filters, leaves out unused size classes on request, and leads to the map. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CacheTable } from '../../views/cache-table.ts';
import { generated, launch, open, show, texts } from './open.ts';

let browser: Browser;
let page: Page;
before(async () => {
  browser = await launch();
  ({ page } = await open(browser));
  await generated(page, 'json', 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await show(page, 'caches');
});
after(() => browser.close());

/** What the rows on the screen are of: `value` of each, in order. */
async function column(key: 'size' | 'live' | 'liveBytes' | 'allocations'): Promise<number[]> {
  const classes = await page.locator('cache-table tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-class'))));
  const values = await page.locator('cache-table').evaluate((table: CacheTable, wanted) => table.rows.map((row) => [row.class, row[wanted]] as const), key);
  const byClass = new Map(values);
  return classes.map((sizeClass) => byClass.get(sizeClass) ?? assert.fail('a row of no class'));
}

test('it begins with the most live bytes; a click on a head sorts, a second one turns', async () => {
  const bytes = await column('liveBytes');
  assert.ok(bytes.length > 3);
  assert.deepEqual(bytes, [...bytes].sort((a, b) => b - a));
  await page.getByRole('button', { name: 'Object size' }).click();
  const sizes = await column('size');
  assert.deepEqual(sizes, [...sizes].sort((a, b) => a - b));
  assert.equal(await page.locator('cache-table th[aria-sort="ascending"]').innerText(), '↑Object size');
  await page.getByRole('button', { name: 'Object size' }).press('Enter');
  assert.deepEqual(await column('size'), sizes.reverse());
});

test('the filter takes a range of sizes; unused classes appear when asked for', async () => {
  const filter = page.getByRole('searchbox');
  await filter.fill('32-128');
  const some = await column('size');
  assert.ok(some.length > 0 && some.every((size) => size >= 32 && size <= 128));
  await filter.fill('marble');
  await page.getByText('No size class matches').waitFor();
  await filter.fill('');
  const used = (await column('size')).length;
  // Segments may be live although no magazine has served one yet.
  const [sizes, allocations] = [await column('size'), await column('allocations')];
  assert.ok(sizes.every((size, index) => size > 1024 || (allocations[index] ?? 0) > 0));
  await page.getByLabel('Only used ones').uncheck();
  assert.ok((await column('size')).length > used);
  await page.getByLabel('Only used ones').check();
});

test('each row has a line of its live bytes, the foot has sums, heads are explained', async () => {
  const rows = await page.locator('cache-table tbody tr').count();
  assert.equal(await page.locator('cache-table tbody svg[role="img"]').count(), rows);
  assert.match((await texts(page, 'cache-table tfoot tr')).join(), /^Sum\s/);
  await page.locator('cache-table button[data-column="magazineRounds"]').hover();
  assert.ok(await page.getByText('Objects and small segments that were given back and wait').isVisible());
});

test('caches of segments say what they are, and nothing of slabs', async () => {
  await page.getByRole('searchbox').fill('segments');
  assert.ok((await column('size')).every((size) => size > 1024));
  assert.match((await texts(page, 'cache-table tbody tr')).join(), /^segments\s*[\d.]+ KiB\s.*–/s);
  assert.match((await texts(page, 'cache-table .note')).join(), /whole segments of the arena/);
  await page.getByRole('searchbox').fill('32-128');
  assert.equal(await page.locator('cache-table .note').count(), 0);
  await page.getByRole('searchbox').fill('');
});

test('a line leads to the arena that they are filled from', async () => {
  await page.getByText(/^Slabs and segments come from the arena \S+: [\d.]+ (KiB|MiB) of [\d.]+ (KiB|MiB) are in use/).waitFor();
  await page.getByRole('button', { name: 'Show arenas' }).click();
  await page.locator('arena-tree').waitFor();
  await show(page, 'caches');
});

test('a size leads to the map, where its class stands out', async () => {
  await page.locator('cache-table tbody th button').first().click();
  await page.locator('heap-map').waitFor();
  assert.notEqual(await page.getByLabel('Show one size class').inputValue(), '');
});
