/**
 * Claim: exports open in the DevTools that a Chromium has built in, which show the totals that the inspector shows.
 *
 * The front end is opened as a page of its own, and files are given to its buttons. A browser without it (a headless shell) skips these by name.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { heapProfile } from '../../exports/heap-profile.ts';
import { heapSnapshot } from '../../exports/heap-snapshot.ts';
import { treeOf } from '../../exports/heap-tree.ts';
import { profileOf, type Records } from '../../exports/profile.ts';
import { traceEvents } from '../../exports/trace-events.ts';
import { snapshotHeap } from '../fake-segments.ts';
import { MISCHIEF, PLAIN, WHOLE } from '../fake-records.ts';
import { launch } from './open.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];
const WIDE = { width: 1000, height: 460 };

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A panel of the front end; nothing, and the test is skipped, where the browser has none. */
async function panel(t: TestContext, name: string): Promise<Page | undefined> {
  const page = await browser.newPage({ viewport: WIDE });
  const found = await page.goto(`devtools://devtools/bundled/inspector.html?panel=${name}`).then(() => true, () => false);
  if (found) return page;
  t.skip('this browser has no DevTools built in');
  await page.close();
  return undefined;
}

/** Gives files to the button that loads them; what the browser would show of a page is put away. */
async function load(page: Page, button: RegExp, name: string, content: string): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: button }).first().click()]);
  await chooser.setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) });
}

/** Opens a profile of the side bar, once it is loaded. */
async function chosen(page: Page, name: string): Promise<void> {
  await page.getByRole('treeitem', { name }).filter({ hasText: /[kM]?B\)|\(Loaded\)/ }).click();
}

/** The memory panel with a profile open. */
async function memory(t: TestContext, name: string, content: string): Promise<Page | undefined> {
  const page = await panel(t, 'heap-profiler');
  if (page === undefined) return undefined;
  await load(page, /Load profile/, name, content);
  await chosen(page, name.split('.')[0] ?? '');
  await page.getByRole('button', { name: 'Toggle screencast' }).click();
  return page;
}

const rowsOf = (page: Page): Promise<string[]> => page.locator('tr.data-grid-data-grid-node:visible').evaluateAll((rows) =>
  rows.map((row) => [...row.querySelectorAll('td')].map((cell) => (cell.textContent ?? '').replace(/\s+/g, ' ').trim()).join(' | ')));

async function heavy(t: TestContext, records: Records): Promise<{ page: Page; rows: string[] } | undefined> {
  const page = await memory(t, 'heap.heapprofile', heapProfile(profileOf(records)));
  if (page === undefined) return undefined;
  await page.locator('tr.data-grid-data-grid-node', { hasText: '%' }).first().waitFor();
  return { page, rows: await rowsOf(page) };
}

test('a .heapprofile opens in the memory panel', async (t) => {
  const opened = await heavy(t, WHOLE);
  if (opened === undefined) return;
  const { page, rows } = opened;
  // 6,291,456 and 1,952,512 of 12,000,000 bytes.
  assert.ok(rows.some((row) => /^6\.3 MB ?52\.43 % \| 6\.3 MB ?52\.43 % \| demo::csv::Column::push/.test(row)), rows.join('\n'));
  assert.ok(rows.some((row) => /^2\.0 MB ?16\.27 % \| .*not sampled/.test(row)), rows.join('\n'));
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, 'export-heapprofile.png') });
  await page.close();
});

test('so does one of a build without diagnosis, and one with names of mischief', async (t) => {
  const plain = await heavy(t, PLAIN);
  const hostile = await heavy(t, MISCHIEF);
  if (plain === undefined || hostile === undefined) return;
  assert.ok(plain.rows.some((row) => /^70\.0 kB ?86\.94 % .*in segments of their own/.test(row)), plain.rows.join('\n'));
  assert.ok(hostile.rows.some((row) => row.includes('<script>alert(1)</script>')), hostile.rows.join('\n'));
  await plain.page.close();
  await hostile.page.close();
});

test('a .heapsnapshot opens: its total is the memory, its classes are caches, and two compare by object', async (t) => {
  const page = await memory(t, 'before.heapsnapshot', heapSnapshot(treeOf(snapshotHeap([1, 2]))));
  if (page === undefined) return;
  const row = (name: string) => page.locator('tr.data-grid-data-grid-node:visible', { hasText: name }).first();
  const sentence = async (name: string): Promise<string> => (await row(name).innerText()).replace(/\s+/g, ' ').trim();
  await row('slab of 24 B').waitFor();
  // 196,608 bytes are three pages.
  await page.getByText('15 objects (197 kB)').waitFor();
  assert.equal(await sentence('large segment'), 'large segment 3 12.3 kB6 % 12.3 kB6 %');
  assert.equal(await sentence('pairs×3'), 'pairs×3 4 0.0 kB0 % 0.0 kB0 %');
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, 'export-heapsnapshot.png') });
  // Of the two objects of 24 B, one is given back, and another is made.
  await load(page, /Load profile/, 'after.heapsnapshot', heapSnapshot(treeOf(snapshotHeap([32, 2]))));
  await chosen(page, 'after');
  await page.locator('select[aria-label="Perspective"]').selectOption('Comparison');
  await page.getByText('# New').first().waitFor();
  assert.deepEqual(await rowsOf(page), ['24 B | 1 | 1 | 0 | 24 B | 24 B | 0 B | ']);
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, 'export-comparison.png') });
  await page.close();
});

test('trace events open in the performance panel', async (t) => {
  const page = await panel(t, 'timeline');
  if (page === undefined) return;
  await load(page, /Load trace/, 'heap.trace.json', traceEvents(profileOf(WHOLE)));
  await page.getByText('Annotate a trace').waitFor();
  assert.equal(await page.getByText(/Failed to|Malformed|Error/).count(), 0);
  await page.close();
});
