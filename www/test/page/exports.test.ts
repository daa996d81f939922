/**
 * Claim: the menu of exports is reached and left by keys, every file that it saves can be read and adds up to what the page shows, and what was
 * saved can be opened again. With FLAGSTONE_SCREENSHOTS set to a folder, a picture is left there.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import * as reader from 'pprof-format';
import { recordsOf } from '../../exports/document.ts';
import { FORMATS } from '../../exports/formats.ts';
import { profileOf } from '../../exports/profile.ts';
import { REPORT } from '../fake-audit.ts';
import { HOSTILE } from '../fake-records.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { faked, told } from './faked.ts';
import { generated, launch, open, sampled, texts } from './open.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function menu(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.locator('export-menu li').first().waitFor();
}

/** Presses a button of the menu and reads the file that it saves. */
async function saved(page: Page, id: string): Promise<{ name: string; bytes: Buffer; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`export-menu button[data-format="${id}"]`).click()]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), bytes, text: bytes.toString('utf8') };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What a file says is live. */
const LIVE: Readonly<Record<string, (file: { text: string; bytes: Buffer }) => number>> = {
  dhat: ({ text }) => sum(JSON.parse(text).pps.map(({ eb }: { eb: number }) => eb)),
  pprof: ({ bytes }) => sum(reader.Profile.decode(gunzipSync(bytes)).sample.map(({ value }) => Number(value[3]))),
  speedscope: ({ text }) => sum(JSON.parse(text).profiles[0].weights),
  collapsed: ({ text }) => sum(text.trimEnd().split('\n').map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))),
  heapprofile: ({ text }) => sum(JSON.parse(text).samples.map(({ size }: { size: number }) => size)),
  document: ({ text }) => profileOf(recordsOf(text)).live.bytes,
};

test('each format of the real program is saved, and adds up to what the page shows', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'csv', 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  const summary = await sampled(page);
  await menu(page);
  // A browser takes ten downloads of a page in a row without asking.
  const files = new Map<string, string>();
  for (const { id, suffix } of FORMATS) {
    const file = await saved(page, id);
    files.set(id, file.text);
    assert.ok(file.name.endsWith(`.${suffix}`), file.name);
    const live = LIVE[id];
    if (live !== undefined) assert.equal(live(file), summary.liveBytes, id);
  }
  const snapshot: { nodes: number[]; strings: string[] } = JSON.parse(files.get('heapsnapshot') ?? '');
  const sizes = snapshot.nodes.filter((_, index) => index % 7 === 3);
  const names = snapshot.nodes.filter((_, index) => index % 7 === 1).map((name) => snapshot.strings[name] ?? '');
  assert.equal(sum(sizes), summary.memoryBytes, 'a heap snapshot has the whole memory');
  const dead = /^(slab of |free in the arena|in magazines|metadata|static data|stack|foreign memory)/;
  assert.equal(sum(sizes.filter((_, index) => !dead.test(names[index] ?? ''))), summary.liveBytes, 'and in it what is live');
  const trace: { traceEvents: { name: string; args: { bytes: number } }[] } = JSON.parse(files.get('trace') ?? '');
  assert.equal(trace.traceEvents.findLast(({ name }) => name === 'live')?.args.bytes, summary.liveBytes);
  const caches = (await saved(page, 'caches-csv')).text.trimEnd().split('\r\n').map((line) => line.split(','));
  const at = caches[0]?.indexOf('liveBytes') ?? -1;
  const objects: { liveBytes: number }[] = JSON.parse((await saved(page, 'object-caches-json')).text);
  const large = summary.liveBytes - sum(caches.slice(1).map((cells) => Number(cells[at]))) - sum(objects.map(({ liveBytes }) => liveBytes));
  assert.ok(large >= 0, 'caches and object caches hold no more than is live');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('sampled call sites of the real program come to what is live, with what they miss', async () => {
  const { page } = await open(browser);
  await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.recorder?.diagnosis.configure('sample=4k'));
  await generated(page, 'csv', 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  const summary = await sampled(page);
  await menu(page);
  const profile = profileOf(recordsOf((await saved(page, 'document')).text));
  assert.deepEqual([profile.source, profile.samplingBytes, profile.live.bytes, profile.live.count], ['sites', 4096, summary.liveBytes, summary.liveObjects]);
  const rest = profile.stacks.find(({ kind }) => kind === 'rest');
  assert.ok(rest !== undefined && rest.live.bytes > 0 && rest.live.bytes < summary.liveBytes / 2, `${String(rest?.live.bytes)} of ${summary.liveBytes} are at no site`);
  assert.ok(profile.stacks.some(({ places }) => places.some(({ name }) => name.includes('csv'))), 'functions have names');
  for (const id of ['dhat', 'pprof', 'speedscope', 'collapsed', 'heapprofile']) assert.equal(LIVE[id]?.(await saved(page, id)), summary.liveBytes, id);
  await page.context().close();
});

test('call sites come with their names', async () => {
  const { page, complaints } = await faked(browser);
  await told(page, REPORT);
  await menu(page);
  const { text } = await saved(page, 'collapsed');
  assert.match(text, /^\[import\];\[csv\];workbench_open;demo::workbench::Workbench::open;demo::csv::read;demo::csv::Column::push \d+$/m);
  assert.match((await saved(page, 'sites-csv')).text, /^1,demo::csv::Column::push,src\/csv\.rs:88:13,import › csv,6291456,/m);
  assert.match(await page.locator('export-menu .said').innerText(), /^Saved flagstone-heap-inspector-\d{8}-\d{6}\.sites\.csv, /);
  if (PICTURES !== undefined) {
    for (const [theme, width] of [['light', 1000], ['dark', 360]] as const) {
      await page.setViewportSize({ width, height: 760 });
      await page.evaluate((wanted) => { document.documentElement.dataset['theme'] = wanted; }, theme);
      await page.locator('export-menu dialog').evaluate((dialog) => { dialog.scrollTop = 0; });
      await page.screenshot({ path: join(PICTURES, `export-menu-${theme}-${width}.png`) });
    }
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('keys open the menu, go through it, save and close it', async () => {
  const { page } = await faked(browser);
  const button = page.getByRole('button', { name: 'Export', exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('export-menu li').first().waitFor();
  await page.keyboard.press('Tab');
  const focused = page.locator('export-menu button:focus');
  assert.equal(await focused.innerText(), 'DHAT');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.match(download.suggestedFilename(), /\.dhat\.json$/);
  await page.keyboard.press('Escape');
  await page.locator('export-menu').waitFor({ state: 'detached' });
  assert.equal(await page.locator('tool-bar button:focus').innerText(), 'Export', 'the focus is where it was');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.locator('export-menu').waitFor({ state: 'detached' });
  await menu(page);
  // What begins and ends on it, such as marking its text, leaves it open; a click beside it does not.
  const { x = 0, y = 0 } = await page.locator('export-menu h2').boundingBox() ?? {};
  await page.mouse.move(x + 5, y + 5);
  await page.mouse.down();
  await page.mouse.move(x + 200, y + 300);
  await page.mouse.up();
  assert.equal(await page.locator('export-menu dialog').isVisible(), true);
  await page.mouse.click(4, 4);
  await page.locator('export-menu').waitFor({ state: 'detached' });
  await page.context().close();
});

test('a saved document is opened and saved as another format; what is none is said', async () => {
  const { page, complaints } = await faked(browser);
  await menu(page);
  const document = await saved(page, 'document');
  const input = page.locator('export-menu input[type="file"]');
  const give = (name: string, text: string): Promise<void> => input.setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
  await give('yesterday.flagstone.json', document.text.replace(/"liveBytes":\d+,"allocations"/, '"liveBytes":77777777,"allocations"').replace('"name":"8 B"', `"name":${JSON.stringify(HOSTILE)}`));
  await page.getByText('What was saved in yesterday.flagstone.json').waitFor();
  const { text } = await saved(page, 'collapsed');
  assert.equal(sum(text.trimEnd().split('\n').map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))), 77_777_777);
  await give('other.json', '{"format":"<img src=x onerror=alert(1)>"}');
  await page.getByText('document.format should be flagstone-inspector, and is "<img src=x onerror=alert(1)>".').waitFor();
  await page.getByText('What was saved in yesterday.flagstone.json').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('a narrow screen has all of it', async () => {
  const { page } = await faked(browser, { viewport: { width: 360, height: 640 } });
  await menu(page);
  assert.equal(await page.locator('export-menu dialog').evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth), true);
  assert.equal((await texts(page, 'export-menu li button')).length, FORMATS.length);
  await page.context().close();
});

test('without its script the page says so', async () => {
  const { page } = await faked(browser);
  await page.route('**/export-menu.js', (route) => route.fulfill({ status: 404 }));
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByText('The menu of exports could not be loaded (export-menu.js).').waitFor();
  await page.context().close();
});
