/**
 * Claim: the view of object caches sorts and chooses by mouse and keys, explains every counter, shows before and after, and fits every screen
 * in both themes. The caches are made up, so that each kind is there. With FLAGSTONE_SCREENSHOTS set to a folder, pictures are left there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { inOrder, OBJECT_COLUMNS, orderBy } from '../../model/object-rows.ts';
import { NOTHING, type Objects } from '../../model/objects.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { LATER, OBJECTS } from '../fake-objects.ts';
import { generated, launch, open, show, texts, type Opened } from './open.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Lets the page see these caches at that time, as a sample would. */
async function seen(page: Page, objects: Objects, time: number, during?: string): Promise<void> {
  await page.evaluate(([figures, at, what]) => {
    const state = document.querySelector<InspectorApp>('inspector-app')?.state;
    state?.objects.set(figures);
    state?.history.value.objects.push(at, figures.objectCaches, what);
    state?.history.touch();
  }, [objects, time, during] as const);
}

/** The view, with made-up caches. */
async function opened(options: BrowserContextOptions = {}): Promise<Opened> {
  const found = await open(browser, options);
  await found.page.getByRole('button', { name: 'Pause' }).click();
  // What the program itself has is out of the way.
  await seen(found.page, NOTHING, 0);
  await seen(found.page, OBJECTS, 1);
  await show(found.page, 'objects');
  await found.page.locator('object-table tbody tr').first().waitFor();
  return found;
}

async function shownNames(page: Page): Promise<string[]> {
  const numbers = await page.locator('object-table tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-cache'))));
  return numbers.map((number) => OBJECTS.objectCaches.find((row) => row.number === number)?.name ?? assert.fail('a row of no cache'));
}

const expected = (key: (typeof OBJECT_COLUMNS)[number]['key'], descending: boolean): string[] => inOrder(OBJECTS.objectCaches, { key, descending }).map(({ name }) => name);

test('it begins with the most memory; every head sorts by click and by key, and turns', async () => {
  const { page, complaints } = await opened();
  assert.deepEqual(await shownNames(page), expected('memoryBytes', true));
  assert.match(await page.locator('object-table th[aria-sort="descending"]').innerText(), /Memory/);
  for (const { key } of OBJECT_COLUMNS) {
    if (key === 'memoryBytes') continue;
    const head = page.locator(`object-table button[data-column="${key}"]`);
    await head.click();
    assert.deepEqual(await shownNames(page), expected(key, orderBy(key).descending), key);
    await head.press('Enter');
    assert.deepEqual(await shownNames(page), expected(key, !orderBy(key).descending), `${key}, turned`);
  }
  const order = page.getByLabel('Order');
  for (const key of ['memoryBytes', 'live', 'use', 'name', 'slabs'] as const) {
    await order.selectOption(key);
    assert.deepEqual(await shownNames(page), expected(key, orderBy(key).descending), `${key}, from the list`);
  }
  await page.getByRole('button', { name: 'Show the smallest first' }).click();
  assert.deepEqual(await shownNames(page), expected('slabs', false));
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('keys choose a cache; the focus stays with it when rows change their places', async () => {
  const { page, complaints } = await opened();
  const row = page.locator('object-table tr[aria-selected="true"]');
  const name = (): Promise<string> => page.locator('object-details h2').innerText();
  assert.match(await name(), /^tokens/, 'the largest');
  await page.locator('object-table tbody tr[tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  assert.match(await name(), /^paragraphs\s+movable/);
  await page.keyboard.press('End');
  assert.match(await name(), /^undo steps/);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  assert.equal(await row.count(), 1);
  await seen(page, LATER, 2);
  assert.match(await page.locator('object-table tr:focus').innerText(), /^paragraphs/);
  assert.match(await name(), /^paragraphs/);
  await page.locator('object-table tbody tr', { hasText: 'voices' }).click();
  assert.match(await name(), /^voices\s+zone/);
  assert.match(await page.locator('object-details .verdict').innerText(), /^A zone/);
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('edges');
  assert.deepEqual(await shownNames(page), ['pairs']);
  assert.match((await texts(page, 'object-table tfoot')).join(), /^Sum of 1 cache\s/);
  await page.locator('object-table tbody tr[tabindex="0"]').press('Enter');
  assert.match(await name(), /^pairs\s+shared/);
  assert.match(await page.locator('object-details .near').innerText(), /Also called edges, spans\./);
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('marble');
  await page.getByText('No name has that in it').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the choice that is gone gives way to another, in words', async () => {
  const { page } = await opened();
  await page.locator('object-table tbody tr', { hasText: 'voices' }).click();
  await seen(page, { ...OBJECTS, objectCaches: OBJECTS.objectCaches.filter(({ name }) => name !== 'voices') }, 2);
  await page.getByText('The cache that was chosen is gone; this is paragraphs.').waitFor();
  await page.context().close();
});

test('every counter is explained and has its change', async () => {
  const { page, complaints } = await opened();
  await page.locator('object-table tbody tr', { hasText: 'paragraphs' }).click();
  const hints = page.locator('object-details .groups term-hint');
  const sentences = await hints.evaluateAll((all) => all.map((hint) => hint.shadowRoot?.querySelector('[role="tooltip"]')?.textContent ?? ''));
  assert.equal(sentences.length, await page.locator('object-details [data-counter]').count());
  assert.ok(sentences.length > 45);
  for (const sentence of sentences) assert.match(sentence, /^[A-Z].*\.$/);
  await hints.first().hover();
  const hint = hints.first().locator('[role="tooltip"]');
  assert.ok(await hint.isVisible());
  assert.equal(await hint.innerText(), 'Objects that the program holds now.');
  await page.mouse.move(0, 0);
  await seen(page, LATER, 2);
  const line = (key: string): Promise<string> => page.locator(`object-details [data-counter="${key}"]`).innerText();
  assert.match(await line('slabs'), /^Slabs\s+45\s+−115$/);
  assert.match(await line('moveYes'), /^Yes\s+1,170\s+\+1,170$/);
  assert.match(await line('memoryBytes'), /^Memory\s+180 KiB\s+−460 KiB$/);
  assert.match(await line('size'), /^Object size\s+120 B\s*$/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a consolidation is noticed and shown before and after; a person may remember a moment of their own', async () => {
  const { page, complaints } = await opened();
  await page.locator('object-table tbody tr', { hasText: 'paragraphs' }).click();
  const bars = (): Promise<string[]> => texts(page, 'object-details [aria-labelledby="fill"] tbody tr');
  const heads = async (): Promise<string> => (await texts(page, 'object-details [aria-labelledby="fill"] thead')).join();
  assert.deepEqual((await bars()).map((text) => Number(/\d+$/.exec(text)?.[0])), [80, 20, 20, 20, 0, 0, 0, 20]);
  await page.getByText('The next time that objects of this cache move, both sides are shown here.').waitFor();
  await seen(page, LATER, 2, 'tidying up');
  await page.getByText('The last time that objects moved while the program did this: tidying up.').waitFor();
  assert.match(await heads(), /0:01\.0\s+0:02\.0/);
  const both = await bars();
  assert.match(both[0] ?? '', /^Up to 1\/8\s+80\s+1$/);
  assert.match(both[7] ?? '', /^Over 7\/8\s+20\s+44$/);
  assert.equal(await page.locator('object-details [aria-labelledby="fill"] svg[aria-label="44 slabs"]').count(), 1);
  const compared = (await texts(page, 'object-details [aria-labelledby="compared"] tbody')).join();
  assert.match(compared, /Slabs\s+160\s+45\s+−115/);
  assert.match(compared, /Memory\s+640 KiB\s+180 KiB\s+−460 KiB/);
  assert.match(compared, /Fragmentation\s+72\.4 %\s+2 %\s+−70\.5 %/);
  const remember = page.getByRole('button', { name: 'Remember this moment' });
  await remember.focus();
  await page.keyboard.press('Enter');
  await page.getByText('What you remembered, and now.').waitFor();
  await page.getByText('Changes are those since 0:02.0, when you asked to remember it.').waitFor();
  await seen(page, OBJECTS, 3);
  assert.match((await bars())[0] ?? '', /^Up to 1\/8\s+1\s+80$/);
  await page.getByRole('button', { name: 'Forget' }).click();
  assert.equal(await page.getByText('What you remembered').count(), 0);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('budgets are bars with their figures, and lead to the caches that they pay for', async () => {
  const { page } = await opened();
  const documents = page.locator('budget-list li').first();
  assert.match(await documents.innerText(), /documents\s+1\.31.MiB of 2.MiB used \(65\.4.%\); 2.MiB at most so far\s+2 denials\s+asked 5 times\s+9 MiB charged in all\s+Pays for\s*paragraphs\s*tokens\s*12 objects on their own/);
  assert.equal(await documents.locator('rect').getAttribute('width'), String((100 * 1_372_160) / 2_097_152));
  assert.match(await page.locator('budget-list li').last().innerText(), /previews\s+orphan\s+80.KiB used, no limit/);
  await documents.getByRole('button', { name: 'paragraphs' }).click();
  assert.match(await page.locator('object-details h2').innerText(), /^paragraphs/);
  await page.context().close();
});

test('the overview names what could go back and the last refusal, and leads here', async () => {
  const { page } = await opened();
  await show(page, 'overview');
  const words = (await page.locator('overview-view .advice').innerText()).replaceAll('\u00a0', ' ');
  assert.match(words, /The object cache paragraphs is fragmented: 460 KiB would go back/);
  assert.match(words, /The last request that was refused asked for 4 MiB at a multiple of 16 \(zeroed, without growth\); 3 were refused in all\./);
  await page.getByRole('button', { name: 'Show objects' }).click();
  await page.locator('object-table').waitFor();
  await seen(page, NOTHING, 2);
  await show(page, 'overview');
  assert.equal(await page.locator('overview-view .advice').count(), 0);
  await page.context().close();
});

test('a cache leads to the map, where it stands out', async () => {
  const { page } = await opened();
  await page.getByRole('button', { name: 'Show on the map' }).click();
  await page.locator('heap-map').waitFor();
  assert.equal(await page.getByLabel('Show one size class').evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.label), 'tokens');
  await page.context().close();
});

test('the caches of the demo are there, and what lies in them is told on the map', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'json', 1);
  await show(page, 'objects');
  const row = page.locator('object-table tbody tr', { hasText: 'documents' }).first();
  assert.match(await row.innerText(), /^documents\s+movable/);
  await row.click();
  assert.match(await page.locator('object-details .verdict').innerText(), /^1 object of [\d,]+ places/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await show(page, 'arenas');
  for (const kind of ['held', 'slab', 'parked', 'free', 'metadata']) await page.getByLabel(kind, { exact: true }).uncheck();
  const slab = page.locator('segment-table tbody tr', { hasText: 'objects of documents' }).first();
  await slab.locator('th button').click();
  await page.locator('address-panel dt', { hasText: 'Object cache' }).waitFor();
  assert.match(await page.locator('address-panel .sentence').innerText(), /documents/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('without the script of the view the page says so', async () => {
  const { page } = await open(browser);
  await page.route('**/objects-view.js', (route) => route.abort());
  await show(page, 'objects');
  await page.getByText('This view could not be loaded').waitFor();
  await page.context().close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1360]) {
    test(`it fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, complaints } = await opened({ viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme });
      const picture = async (name: string): Promise<void> => {
        await page.waitForTimeout(300);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, name);
        if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      };
      const fold = page.getByRole('button', { name: 'Hide' });
      if (await fold.isVisible()) await fold.click();
      await picture('object-caches');
      await page.locator('object-table tbody tr', { hasText: 'paragraphs' }).click();
      await seen(page, LATER, 2, 'tidying up');
      await picture('object-caches-moved');
      await show(page, 'overview');
      await seen(page, OBJECTS, 3);
      await picture('overview-advice');
      await show(page, 'objects');
      await seen(page, NOTHING, 4);
      await page.getByText('One line makes one').waitFor();
      await picture('object-caches-none');
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}
