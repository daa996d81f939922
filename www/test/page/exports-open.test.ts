/**
 * Claim: exports open in the tools that they are for, which show the totals that the inspector shows.
 *
 * Relies on a Chromium and on what the tools come as: speedscope is an npm package of ours, `dh_view.html` is of valgrind. A test whose tool is
 * not installed is skipped by name; `docs/exports.md` says how to get all of them.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { collapsed } from '../../exports/collapsed.ts';
import { dhat } from '../../exports/dhat.ts';
import { heapProfile } from '../../exports/heap-profile.ts';
import { gzipped, pprof } from '../../exports/pprof.ts';
import { profileOf, type Records } from '../../exports/profile.ts';
import { speedscope } from '../../exports/speedscope.ts';
import { LIVE, MISCHIEF, PEAK, PLAIN, WHOLE } from '../fake-records.ts';
import { blank, launch } from './open.ts';

const SPEEDSCOPE = 'node_modules/speedscope/dist/release';
const DH_VIEW = ['/usr/libexec/valgrind', '/usr/lib/valgrind', '/usr/local/libexec/valgrind'].find((folder) => existsSync(join(folder, 'dh_view.html')));
const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png', '.json': 'application/json', '.wasm': 'application/wasm' };

/** A tool that is a folder of files, opened in a page; what it complains about is collected. */
async function tool(folder: string, index: string): Promise<{ page: Page; complaints: string[] }> {
  const opened = await blank(browser, { viewport: { width: 1000, height: 460 } });
  await opened.page.route('http://tool.invalid/**', async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    const body = await readFile(join(folder, name)).catch(() => undefined);
    await (body === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ body, contentType: TYPES[extname(name)] ?? 'application/octet-stream' }));
  });
  await opened.page.goto(`http://tool.invalid/${index}`);
  return opened;
}

async function give(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  await page.locator('input[type="file"]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** What speedscope's table says of each frame: its total and its own weight. */
async function sandwich(page: Page): Promise<Map<string, { total: string; self: string }>> {
  await page.getByText('Sandwich').click();
  const shown = page.locator('tr:visible', { hasText: '%)' });
  await shown.first().waitFor();
  const rows = await shown.evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)));
  return new Map(rows.filter((cells) => cells.length >= 3).map(([total = '', self = '', name = '']) => [name.trim(), { total: total.trim(), self: self.trim() }]));
}

async function inSpeedscope(name: string, content: string | Uint8Array): Promise<{ page: Page; rows: Map<string, { total: string; self: string }> }> {
  const { page, complaints } = await tool(SPEEDSCOPE, 'index.html');
  await give(page, name, content);
  const rows = await sandwich(page);
  // It draws with WebGL, which is slow in a test and says so.
  assert.deepEqual(complaints.filter((text) => !text.includes('WebGL')), []);
  return { page, rows };
}

test('speedscope reads its own format, and its totals are those of the profile', async () => {
  const { page, rows } = await inSpeedscope('heap.speedscope.json', speedscope(profileOf(WHOLE)));
  // 12,000,000 of 12,000,000 bytes are 11.44 MB there; 1,952,512 are at no site.
  assert.deepEqual(rows.get('not sampled'), { total: '1.86 MB (16%)', self: '1.86 MB (16%)' });
  assert.deepEqual(rows.get('demo::csv::Column::push'), { total: '6.00 MB (52%)', self: '6.00 MB (52%)' });
  await picture(page, 'export-speedscope');
  await page.context().close();
});

test('speedscope reads collapsed stacks, to the byte', async () => {
  const { page, rows } = await inSpeedscope('heap.folded', collapsed(profileOf(PLAIN)));
  assert.equal(rows.get('heap')?.total.split(' ')[0]?.replaceAll(',', ''), '80512');
  await page.context().close();
});

test('speedscope reads pprof and .heapprofile', async () => {
  for (const [name, content] of [['heap.pb.gz', await gzipped(pprof(profileOf(WHOLE)))], ['heap.heapprofile', heapProfile(profileOf(WHOLE))]] as const) {
    const { page, rows } = await inSpeedscope(name, content);
    assert.deepEqual(rows.get('not sampled'), { total: '1.86 MB (16%)', self: '1.86 MB (16%)' }, name);
    assert.deepEqual(rows.get('demo::csv::Column::push'), { total: '6.00 MB (52%)', self: '6.00 MB (52%)' }, name);
    await page.context().close();
  }
});

test('speedscope takes names of mischief for names', async () => {
  for (const [name, content] of [['a.speedscope.json', speedscope(profileOf(MISCHIEF))], ['a.folded', collapsed(profileOf(MISCHIEF))]] as const) {
    const { page, rows } = await inSpeedscope(name, content);
    assert.ok([...rows.keys()].some((row) => row.includes('<script>alert(1)</script>')), name);
    await page.context().close();
  }
});

async function inDhView(records: Records): Promise<{ page: Page; text: string }> {
  const { page, complaints } = await tool(DH_VIEW ?? '', 'dh_view.html');
  await give(page, 'dhat-heap.json', dhat(profileOf(records)));
  await page.getByText('Times {').waitFor();
  // What is less than a hundredth of the metric is not listed.
  await page.locator('select').selectOption({ label: 'At t-end (bytes)' });
  assert.deepEqual(complaints.filter((text) => !text.includes('favicon') && !text.includes('404')), []);
  return { page, text: (await page.locator('body').innerText()).replaceAll('\u00a0', ' ') };
}

test('dh_view of valgrind reads DHAT, and its totals are those of the profile', { skip: DH_VIEW === undefined ? 'dh_view.html of valgrind is not installed' : false }, async () => {
  const { page, text } = await inDhView(WHOLE);
  const at = (when: string): (string | undefined)[] => [...(new RegExp(`${when}: *([\\d,]+) bytes \\([^)]*\\) in ([\\d,]+) objects`).exec(text) ?? [])].slice(1).map((figure) => figure.replaceAll(',', ''));
  assert.deepEqual(at('At t-end'), [String(LIVE.bytes), String(LIVE.count)]);
  assert.deepEqual(at('At t-gmax'), [String(PEAK.bytes), String(PEAK.count)]);
  assert.match(text, /0x210: demo::csv::Column::push \(src\/csv\.rs:88:13\)/);
  await picture(page, 'export-dhat');
  await page.context().close();
});

test('dh_view takes a build without diagnosis, and names of mischief', { skip: DH_VIEW === undefined ? 'dh_view.html of valgrind is not installed' : false }, async () => {
  for (const records of [PLAIN, MISCHIEF]) {
    const { page, text } = await inDhView(records);
    assert.match(text, new RegExp(`At t-end: *${(records === PLAIN ? '80,512' : '12,000,000')} bytes`));
    await page.context().close();
  }
});
