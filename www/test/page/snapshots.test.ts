/**
 * Claim: on the demo two snapshots say what it allocated between them; the objects lead to the map, files come back as they were, snapshots are marked
 * on the chart, of which a part can be chosen; all by keys, too, and on every screen in both themes.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Shelf } from '../../model/shelf.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { generated, launch, open, show, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function shelf(page: Page): Promise<Shelf> {
  return await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.snapshots.value) ?? assert.fail('no state');
}

async function kept(page: Page, many: number): Promise<Shelf> {
  await page.waitForFunction((wanted) => document.querySelector<InspectorApp>('inspector-app')?.state?.snapshots.value.entries.length === wanted, many);
  return shelf(page);
}

/** Two snapshots with a file that was opened between them. */
async function taken(page: Page): Promise<Shelf> {
  await show(page, 'snapshots');
  await page.getByRole('textbox', { name: 'Name of the next snapshot' }).fill('before');
  await page.getByRole('button', { name: 'Take a snapshot' }).click();
  await kept(page, 1);
  await generated(page, 'json', 5);
  await page.locator('snapshots-view h2').first().click();
  await page.keyboard.press('s');
  return kept(page, 2);
}

test('two snapshots say what the program allocated between them, and where it is', async () => {
  const { page, complaints } = await open(browser);
  const { diff, entries, objects } = await taken(page);
  assert.ok(diff !== undefined && objects !== undefined && entries.length === 2);
  assert.equal(entries[0]?.name, 'before');
  assert.ok(diff.objects.new.bytes > 5_000_000, `${diff.objects.new.bytes} bytes for a file of 5 MB`);
  assert.equal(diff.objects.after.bytes, entries[1]?.figures.live.bytes);
  assert.equal(diff.objects.before.bytes, entries[0]?.figures.live.bytes);
  assert.equal(diff.objects.new.count + diff.objects.surviving.count, diff.objects.after.count);
  assert.equal(objects.matching, diff.objects.new.count);
  assert.deepEqual(diff.doubts, []);
  assert.match(await page.locator('snapshots-view .words').first().innerText(), /^Live memory grew by .* new, .* freed, .* surviving; the memory grew by \d+ pages\./);
  // The largest change is first; its objects are listed when it is chosen.
  const first = diff.caches.toSorted((a, b) => (b.objects.after.bytes - b.objects.before.bytes) - (a.objects.after.bytes - a.objects.before.bytes))[0] ?? assert.fail('a cache');
  const row = page.locator('change-table tbody tr').first();
  assert.match(await row.locator('th').innerText(), new RegExp(`^${first.name}`));
  await row.getByRole('button').click();
  assert.equal((await shelf(page)).objects?.matching, first.objects.new.count);
  await page.getByLabel('Order').selectOption('length');
  const lengths = (await shelf(page)).objects?.rows.map(({ length }) => length) ?? [];
  assert.deepEqual(lengths, lengths.toSorted((a, b) => b - a));
  const address = (await shelf(page)).objects?.rows[0]?.address;
  await page.locator('change-objects tbody button.link').first().click();
  await page.locator('address-panel').waitFor();
  assert.equal(await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.chosen.value), address);
  const whatis = await page.evaluate((at) => document.querySelector<InspectorApp>('inspector-app')?.recorder?.look(at ?? 0), address);
  assert.ok(whatis?.state === 'live' || whatis?.kind === 'large', JSON.stringify(whatis?.kind));
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('what is closed again is not held now; swapped, new is freed', async () => {
  const { page, complaints } = await open(browser);
  const { diff } = await taken(page);
  await page.getByRole('button', { name: /^Close survey/ }).click();
  await page.waitForTimeout(300);
  await page.getByLabel('Only those held now').check();
  const held = (await shelf(page)).objects?.matching ?? -1;
  const fresh = diff?.objects.new.count ?? 0;
  assert.ok(held >= 0 && held < fresh / 10, `${held} of ${fresh} are still held`);
  await page.getByRole('button', { name: 'Swap' }).click();
  const swapped = (await shelf(page)).diff;
  assert.deepEqual([swapped?.objects.freed, swapped?.objects.new], [diff?.objects.new, diff?.objects.freed]);
  assert.match(await page.locator('snapshots-view .notice').innerText(), /wrong order, or of two runs/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('every column sorts both ways, words find rows, and arenas, sites and tags have theirs', async () => {
  const { page, complaints } = await open(browser);
  await taken(page);
  const heads = page.locator('change-table thead button');
  for (const head of await heads.all()) {
    await head.click();
    const cell = page.locator('change-table th[aria-sort]:not([aria-sort="none"])');
    const sorted = await cell.getAttribute('aria-sort');
    await head.press('Enter');
    assert.notEqual(await cell.getAttribute('aria-sort'), sorted);
  }
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('index');
  assert.deepEqual(await texts(page, 'change-table tbody th button'), ['index entries']);
  await page.getByRole('searchbox', { name: 'Filter by name' }).fill('');
  await page.getByRole('button', { name: 'Arenas', exact: true }).click();
  assert.match((await texts(page, 'change-table tbody th')).join(), /heap/);
  await page.getByRole('button', { name: 'Call sites', exact: true }).click();
  assert.ok((await texts(page, 'change-table tbody th')).length > 0, 'the demo samples');
  await page.getByRole('button', { name: 'Tags', exact: true }).click();
  assert.match((await texts(page, 'change-table tbody th')).join(), /json/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a snapshot that is saved comes back from its file, and what is none is said to be none', async () => {
  const { page, complaints } = await open(browser);
  const before = await taken(page);
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save before' }).click();
  const download = await coming;
  assert.equal(download.suggestedFilename(), 'before.flagsnap');
  const bytes = await readFile(await download.path());
  assert.equal(bytes.subarray(0, 8).toString(), 'flagsnap');
  const input = page.getByLabel('Open a snapshot from a file');
  await input.setInputFiles({ name: 'x.flagsnap', mimeType: 'application/octet-stream', buffer: bytes });
  const opened = (await kept(page, 3)).entries[2];
  assert.deepEqual([opened?.name, opened?.figures.live], ['before', before.entries[0]?.figures.live]);
  await page.getByLabel('From: before').first().check();
  await page.getByLabel('To: before').nth(1).check();
  const same = (await shelf(page)).diff;
  assert.deepEqual([same?.objects.new.count, same?.objects.freed.count], [0, 0]);
  await input.setInputFiles({ name: '<img src=x onerror=alert(1)>.png', mimeType: 'image/png', buffer: Buffer.from('\x89PNG not a snapshot') });
  const notice = page.locator('snapshots-view .notice.bad');
  await notice.waitFor();
  assert.match(await notice.innerText(), /^<img src=x onerror=alert\(1\)>\.png cannot be opened: this is no snapshot of flagstone: it begins with /);
  await input.setInputFiles({ name: 'short.flagsnap', mimeType: 'application/octet-stream', buffer: bytes.subarray(0, 500) });
  await page.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.snapshots.value.trouble.startsWith('short.flagsnap'));
  assert.equal((await shelf(page)).entries.length, 3);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('snapshots are marked on the chart; a drag chooses a part of the time, a double click ends that', async () => {
  const { page, complaints } = await open(browser);
  const { entries } = await taken(page);
  await show(page, 'overview');
  await page.getByText('2 snapshots').waitFor();
  const plot = page.locator('time-chart .u-over');
  const box = await plot.boundingBox() ?? assert.fail('no chart');
  const range = (): Promise<readonly [number, number] | undefined> => page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.range.value);
  const [y, left, right] = [box.y + 60, box.x + box.width * 0.25, box.x + box.width * 0.75];
  await page.mouse.move(left, y);
  await page.mouse.down();
  await page.mouse.move(right, y + 20, { steps: 4 });
  await page.mouse.up();
  const chosen = await range() ?? assert.fail('no range');
  assert.ok(chosen[0] > 0 && chosen[1] > chosen[0] && chosen[1] - chosen[0] >= (entries[1]?.time ?? 0) * 0.4, chosen.join());
  assert.match(await page.locator('time-chart .windows button').first().innerText(), /×$/);
  await page.mouse.dblclick(left + 40, y);
  assert.equal(await range(), undefined);
  await page.mouse.move(left, y);
  await page.mouse.down();
  await page.mouse.move(right, y, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await range(), undefined);
  await page.locator('time-chart .windows button').first().press('Enter');
  assert.equal(await range(), undefined);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the peak names its holders, and is watched anew from a mark', async () => {
  const { page, complaints } = await open(browser);
  await taken(page);
  const card = page.locator('peak-card');
  assert.match(await card.locator('h2').innerText(), /since the recording began$/);
  assert.match(await card.locator('p').innerText(), /^Most was held at [\d:.]+: [\d.]+ MiB in [\d,]+ objects, in a memory of [\d,]+ pages\.$/);
  assert.deepEqual(await texts(page, 'peak-card h3'), ['Caches that held most', 'Call sites', 'Tags']);
  await page.getByRole('button', { name: /^Close survey/ }).click();
  await card.getByRole('button', { name: 'Watch from now on' }).click();
  await page.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.peaks.peak !== undefined);
  await card.locator('h2', { hasText: /since \d/ }).waitFor();
  const live = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.history.value.peaks.peak?.liveBytes) ?? 0;
  assert.ok(live > 0 && live < 5_000_000, `${live} bytes after the file was closed`);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the map shows what changed since the earlier snapshot', async () => {
  const { page, complaints } = await open(browser);
  await show(page, 'map');
  await page.getByLabel('Colour by').selectOption('change');
  await page.getByText('no snapshot yet').waitFor();
  await page.locator('h2').first().click();
  await page.keyboard.press('s');
  await kept(page, 1);
  await generated(page, 'json', 5);
  const drawn = (): Promise<number[]> => page.evaluate(() => [...(document.querySelector<InspectorApp>('inspector-app')?.state?.layer.value?.values ?? [])]);
  await page.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.layer.value?.values.some((value) => value > 170) === true);
  const values = await drawn();
  const fresh = values.filter((value) => value > 170).length;
  assert.ok(fresh > values.length / 4, `${fresh} of ${values.length} cells have something new: most of the memory is the file's`);
  assert.ok(values.some((value) => value > 0 && value <= 85), 'and some survives');
  assert.deepEqual(await texts(page, 'colour-key li'), ['new', 'freed', 'surviving']);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the key takes none while a person writes, and none with another key', async () => {
  const { page } = await open(browser);
  await show(page, 'snapshots');
  await page.getByRole('textbox', { name: 'Name of the next snapshot' }).pressSequentially('sss');
  await page.keyboard.press('Control+s');
  assert.equal((await shelf(page)).entries.length, 0);
  await page.keyboard.press('Enter');
  assert.equal((await kept(page, 1)).entries[0]?.name, 'sss');
  await page.context().close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1360]) {
    test(`a comparison fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, complaints } = await open(browser, { viewport: { width, height: 800 }, colorScheme });
      await taken(page);
      for (const by of ['Caches', 'Arenas', 'Call sites', 'Tags']) {
        await page.locator('change-table').getByRole('button', { name: by, exact: true }).click();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${by} is ${wide} pixels wide`);
      }
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}
