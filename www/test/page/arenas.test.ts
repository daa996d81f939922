/** Claim: the arenas view shows each arena in full, lists the segments that are asked for, and leads to the map and back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { FakeHeap } from '../fake-engine.ts';
import { generated, launch, open, show, texts } from './open.ts';

let browser: Browser;
let page: Page;
let complaints: string[];
before(async () => {
  browser = await launch();
  ({ page, complaints } = await open(browser));
  await generated(page, 'json', 5);
  await generated(page, 'csv', 1);
  await page.getByRole('button', { name: 'Close survey-5MB.json' }).click();
  await page.locator('demo-panel .name', { hasText: 'survey-5MB.json' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Sample once' }).click();
  await show(page, 'arenas');
});
after(() => browser.close());

interface Listed {
  start: number;
  length: number;
  kind: string;
}

/** The segments that the engine listed last, and how many match. */
async function listed(of: Page = page): Promise<{ matching: number; rows: Listed[] }> {
  const found = await of.evaluate(() => {
    const segments = document.querySelector<InspectorApp>('inspector-app')?.state?.segments.value;
    return segments !== undefined && 'list' in segments ? segments.list : undefined;
  });
  return found ?? assert.fail('no segments');
}

async function typed(label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(text);
  await page.keyboard.press('Enter');
}

/** Until the table shows what the engine listed last: filters wait where listing takes long. */
async function settled(matches: (rows: readonly Listed[]) => boolean): Promise<Listed[]> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { rows } = await listed();
    if (matches(rows)) return rows;
    await page.waitForTimeout(50);
  }
  return assert.fail('the list never fitted');
}

test('the heap’s arena is first, with its figures, and those of the demo’s own arenas', async () => {
  const rows = await texts(page, 'arena-tree tbody tr');
  assert.match(rows[0] ?? '', /^[▸▾]\s+heap\s+the heap’s own\s+[\d.]+ (KiB|MiB) of [\d.]+ (KiB|MiB)\s+[\d.]+ \S+\s+[<>\d. ]+ %/);
  assert.match(rows[1] ?? '', /^metadata\s+memory\s+[\d.,]+ (B|KiB) of [\d.]+ KiB/, 'below the heap, which it imports from');
  assert.match(rows.join('\n'), /document numbers\s+numbers\s+[\d,]+ of 1,000,000/);
  const details = (await texts(page, 'arena-details dl > div')).join('\n');
  for (const words of [/In use\s+[\d.]+ (KiB|MiB) of/, /Free\s+[\d.]+ \S+\s+in [\d,]+ runs?/, /Quantum\s+\d+ B/, /Growths\s+\d/, /Metadata\s+[\d.]+ [KM]iB/]) assert.match(details, words);
});

test('a sentence says which request can be met; the percentage explains itself', async () => {
  const words = (await page.locator('arena-details .verdict').innerText()).replaceAll('\u00a0', ' ');
  assert.match(words, /^A request of up to [\d.]+ (B|KiB|MiB) can be met/);
  const share = page.locator('arena-tree tbody tr').first().locator('term-hint');
  await share.hover();
  assert.match(await share.locator('[role="tooltip"]').innerText(), /share of what is free that is not in the longest free run/);
  await page.mouse.move(0, 0);
});

test('the bars of free runs add up to what is free', async () => {
  const row = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.arenas.value[0]) ?? assert.fail('no arena');
  const runs = (await texts(page, 'arena-details [aria-labelledby="free"] tbody td:nth-child(3)')).map((text) => Number(text.replaceAll(',', '')));
  assert.equal(runs.reduce((sum, count) => sum + count, 0), row.freeSegments);
  const bars = page.locator('arena-details svg[role="img"]');
  assert.equal(await bars.count(), runs.length);
  assert.match(await bars.last().getAttribute('aria-label') ?? '', /% of what is free$/);
});

test('segments are listed by address, and by length, longest first', async () => {
  const byAddress = await settled((rows) => rows.length > 1);
  assert.deepEqual(byAddress.map(({ start }) => start), byAddress.map(({ start }) => start).sort((a, b) => a - b));
  await page.getByRole('button', { name: 'Length' }).click();
  const lengths = (await settled((rows) => (rows[0]?.length ?? 0) > (byAddress[0]?.length ?? 0))).map(({ length }) => length);
  assert.deepEqual(lengths, [...lengths].sort((a, b) => b - a));
  assert.equal(await page.locator('segment-table th[aria-sort="descending"]').count(), 1);
  await page.locator('segment-table thead button').first().press('Enter');
  await settled((rows) => rows[0]?.start === byAddress[0]?.start);
});

test('kinds, lengths and addresses choose which', async () => {
  await page.getByLabel('held', { exact: true }).uncheck();
  await page.getByLabel('metadata', { exact: true }).uncheck();
  await page.getByLabel('parked', { exact: true }).uncheck();
  await page.getByLabel('slab', { exact: true }).uncheck();
  await page.getByLabel('objects', { exact: true }).uncheck();
  await settled((rows) => rows.length > 0 && rows.every(({ kind }) => kind === 'free'));
  await typed('Least length', '4 KiB');
  await typed('Most length', '0x100000');
  const some = await settled((rows) => rows.every(({ length }) => length >= 4096 && length <= 1 << 20));
  assert.ok(some.length > 0);
  const first = some[0] ?? assert.fail('no free segment');
  await typed('First address', String(first.start));
  await typed('Last address', `0x${(first.start + first.length - 1).toString(16)}`);
  assert.deepEqual(await settled((rows) => rows.length === 1), [first].map((row) => ({ ...row })));
  await page.getByLabel('free', { exact: true }).uncheck();
  await page.getByText('No kind is chosen').waitFor();
  for (const kind of ['held', 'slab', 'objects', 'parked', 'free', 'metadata']) await page.getByLabel(kind, { exact: true }).check();
  for (const label of ['Least length', 'Most length', 'First address', 'Last address']) await typed(label, '');
  await settled((rows) => rows.length > 1);
});

test('what is no length and no address is answered with a sentence, and goes with its correction', async () => {
  const alert = page.locator('segment-table [role="alert"]');
  await typed('Least length', 'marble');
  await alert.getByText('“marble” is no length.').waitFor();
  assert.equal(await page.getByLabel('Least length').getAttribute('aria-invalid'), 'true');
  await typed('Least length', '2 MiB');
  await typed('Most length', '1 MiB');
  await alert.getByText('Nothing is 2 MiB or longer and yet at most 1 MiB long').waitFor();
  await typed('Most length', '');
  assert.equal(await alert.count(), 0);
  await typed('Least length', '4 GiB');
  await page.getByText('No segment matches').waitFor();
  await typed('Least length', '');
  await typed('First address', '-1');
  await alert.getByText('“-1” is no address.').waitFor();
  await typed('First address', '');
  assert.equal(await alert.count(), 0);
  assert.deepEqual(complaints, []);
});

test('pages of 200 lead to the last one and back', async () => {
  await settled((rows) => rows.length === 200);
  const { matching, rows } = await listed();
  const words = page.locator('segment-table .pages [role="status"]');
  assert.match(await words.innerText(), /^1–200 of [\d,]+ segments, /);
  const next = page.getByRole('button', { name: 'Next' });
  await next.focus();
  for (let offset = 200; offset < matching; offset += 200) {
    await page.keyboard.press('Enter');
    await page.getByText(new RegExp(`^${(offset + 1).toLocaleString('en-US')}–`)).waitFor();
  }
  assert.equal(await next.getAttribute('aria-disabled'), 'true');
  assert.equal(await page.locator('segment-table button:focus').innerText(), 'Next', 'it can be left by keys, too');
  const last = await listed();
  assert.equal(last.rows.length, matching % 200 === 0 ? 200 : matching % 200);
  assert.ok((last.rows[0]?.start ?? 0) > (rows.at(-1)?.start ?? Infinity));
  const previous = page.getByRole('button', { name: 'Previous' });
  while ((await previous.getAttribute('aria-disabled')) === 'false') {
    const before = await words.innerText();
    await previous.click();
    await page.waitForFunction((text) => document.querySelector('inspector-app')?.shadowRoot?.querySelector('arenas-view')?.shadowRoot?.querySelector('segment-table')?.shadowRoot?.querySelector('.pages [role="status"]')?.textContent !== text, before);
  }
  assert.match(await words.innerText(), /^1–200 of/);
});

test('an address leads to the map, where its chain leads back to the arena', async () => {
  const { rows } = await listed();
  const slab = rows.find(({ kind }) => kind === 'slab') ?? assert.fail('no slab');
  const written = `0x${slab.start.toString(16).padStart(8, '0')}`;
  await page.getByRole('button', { name: written }).click();
  await page.locator('address-panel .chain').waitFor();
  const lines = await texts(page, 'address-panel .chain li');
  assert.deepEqual(lines.map((line) => line.split(/\s/)[0]), ['Arena', 'Span', 'Segment', 'Owner']);
  assert.match(lines[0] ?? '', /heap$/);
  assert.ok(lines[2]?.includes(written) && lines[2].endsWith('slab'));
  assert.match(lines[3] ?? '', /object/);
  await page.locator('address-panel .chain button').click();
  await page.locator('arena-tree').waitFor();
  assert.equal(await page.locator('arena-tree tr[aria-selected="true"]').count(), 1);
});

test('an address in an arena of memory is told from the heap inwards', async () => {
  await page.locator('arena-tree tr[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('arena-details h2').innerText(), /^metadata/);
  const rows = await settled((found) => found.some(({ kind }) => kind === 'slab') && found.length < 100);
  const slab = rows.find(({ kind }) => kind === 'slab') ?? assert.fail('no slab');
  await page.locator('segment-table').getByRole('button', { name: `0x${slab.start.toString(16).padStart(8, '0')}` }).click();
  await page.locator('address-panel .chain').waitFor();
  const lines = await texts(page, 'address-panel .chain li');
  assert.deepEqual(lines.map((line) => line.split(/\s/)[0]), ['Arena', 'Span', 'Segment', 'Arena', 'Span', 'Segment', 'Owner']);
  assert.match(lines[3] ?? '', /metadata$/);
  assert.match(await page.locator('address-panel .sentence').innerText(), /metadata/);
  await show(page, 'arenas');
});

test('keys choose in the tree; an arena of numbers has counts and no addresses', async () => {
  await page.locator('arena-tree tr[tabindex="0"]').focus();
  await page.keyboard.press('End');
  assert.match(await page.locator('arena-tree tr:focus').innerText(), /^document numbers/);
  assert.match(await page.locator('arena-details h2').innerText(), /^document numbers/);
  await settled((rows) => rows.length > 0 && (rows[0]?.start ?? Infinity) <= 1);
  assert.equal(await page.locator('segment-table tbody button').count(), 0);
  assert.equal(await page.getByLabel('metadata', { exact: true }).count(), 0);
  assert.doesNotMatch((await texts(page, 'arena-details')).join(), /\d (B|KiB|MiB)\b/);
  await typed('Most length', '4 KiB');
  await page.getByText('“4 KiB” is no number of this arena.').waitFor();
  await page.locator('arena-tree tr[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  assert.match(await page.locator('arena-tree tr:focus').innerText(), /^[▸▾]\s+heap/);
  assert.equal(await page.getByLabel('Most length').inputValue(), '', 'a filter is of one arena');
});

test('each sample lists again, while the view is shown', async () => {
  const before = (await listed()).matching;
  await page.getByRole('button', { name: 'Resume' }).click();
  await generated(page, 'json', 1);
  await page.waitForTimeout(400);
  assert.notEqual((await listed()).matching, before);
  await show(page, 'overview');
  const kept = (await listed()).matching;
  await generated(page, 'json', 5);
  assert.equal((await listed()).matching, kept);
  assert.deepEqual(complaints, []);
});

/** Puts a made-up heap with arenas in it in the place of the demo's. */
async function lent(to: Page): Promise<void> {
  const heap = new FakeHeap();
  heap.work(400_000);
  heap.lend();
  const sample = heap.sample();
  const lists = sample.arenas.map(({ id }) => [id, heap.segments(id)] as const);
  const inner = sample.arenas.find(({ kind }) => kind === 'memory')?.spanList[0]?.start ?? assert.fail('no arena of memory');
  const found = heap.whatis(inner);
  await to.evaluate(([figures, segments, whatis, verdict]) => {
    const known = new Map(segments);
    document.querySelector<InspectorApp>('inspector-app')?.recorder?.attach({
      sample: () => figures,
      map: (granule) => {
        const cells = Math.ceil(figures.summary.memoryBytes / granule);
        return { granule, cells, owner: new Uint8Array(cells), cache: new Uint8Array(cells), live: new Uint8Array(cells) };
      },
      whatis: (address) => ({ ...whatis, address }),
      origin: null,
      dump: () => ({ parts: [], bytes: 0, leftOut: 0, sentence: '' }),
      free: () => undefined,
      check: () => ({ ok: true, checked: { segments: 0, slabs: 0, objects: 0, caches: 0 }, problems: [] }),
      segments: (arena) => {
        const list = known.get(arena);
        if (list === undefined) throw new Error(`there is no arena ${arena}`);
        return list;
      },
      audit: () => null,
      verdict: () => verdict,
      layer: (kind, granule) => ({ kind, granule, values: new Uint8Array(Math.ceil(figures.summary.memoryBytes / granule)), sites: [], oldest: 0 }),
      log: () => ({ entries: [], matching: 0, lost: 0 }),
      history: () => [],
      configure: () => {},
      trace: () => new Uint8Array(),
      snapshot: () => { throw new Error('there are no snapshots'); },
      changes: (granule) => ({ granule, cells: 0, new: new Uint8Array(), freed: new Uint8Array(), surviving: new Uint8Array() }),
    });
  }, [sample, lists, found, heap.verdict()] as const);
}

test('arenas open and close below the one that they import from, and name each other', async () => {
  const opened = await open(browser);
  await lent(opened.page);
  await show(opened.page, 'arenas');
  const tree = opened.page.locator('arena-tree');
  const names = async (): Promise<string> => (await texts(opened.page, 'arena-tree tbody tr th')).map((text) => text.replace('▸', '').trim()).join();
  assert.equal(await names(), 'heap,frames,handles');
  assert.deepEqual(await tree.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.ariaLevel)), ['1', '2', '1']);
  await tree.locator('tr[tabindex="0"]').focus();
  await opened.page.keyboard.press('ArrowLeft');
  assert.equal(await names(), 'heap,handles');
  assert.equal(await tree.locator('tr:focus').getAttribute('aria-expanded'), 'false');
  await opened.page.keyboard.press('ArrowRight');
  await opened.page.keyboard.press('ArrowRight');
  assert.match(await tree.locator('tr:focus').innerText(), /frames\s[^]*2 failures/);
  assert.match(await opened.page.locator('arena-details .near').innerText(), /Imports from\s+heap/);
  assert.match((await texts(opened.page, 'arena-details .spans')).join(), /imported/);
  await tree.locator('.twisty').first().click();
  assert.equal(await names(), 'heap,handles');
  assert.match(await opened.page.locator('arena-details h2').innerText(), /^heap/, 'what was chosen is hidden, so what hides it is chosen');
  await opened.page.locator('segment-table tbody').getByRole('button', { name: 'frames' }).click();
  assert.equal(await names(), 'heap,frames,handles', 'what is chosen is shown');
  await opened.page.locator('segment-table tbody button').first().click();
  await opened.page.locator('address-panel .chain').waitFor();
  const lines = await texts(opened.page, 'address-panel .chain li');
  assert.deepEqual(lines.map((line) => line.split(/\s/)[0]), ['Arena', 'Span', 'Segment', 'Arena', 'Span', 'Segment', 'Owner']);
  assert.match(lines[4] ?? '', /imported$/);
  assert.match(lines[6] ?? '', /in a slab of frames$/);
  await opened.page.locator('address-panel .chain').getByRole('button', { name: 'frames' }).click();
  assert.match(await opened.page.locator('arena-details h2').innerText(), /^frames/);
  assert.deepEqual(opened.complaints, []);
  await opened.page.context().close();
});

test('an arena that is gone gives way to the heap’s, in words', async () => {
  const opened = await open(browser);
  await show(opened.page, 'arenas');
  await opened.page.evaluate(() => {
    const state = document.querySelector<InspectorApp>('inspector-app')?.state;
    state?.query.set({ ...state.query.value, arena: 12 });
  });
  await opened.page.getByText('The arena that was chosen is gone; this is heap.').waitFor();
  assert.ok((await listed(opened.page)).rows.length > 0);
  assert.deepEqual(opened.complaints, []);
  await opened.page.context().close();
});
