/**
 * Claim: leaks are looked for in a worker or without one, the search can be stopped, what is found is listed with words for all of it and leads
 * to the map, and the view fits every screen in both themes. With FLAGSTONE_SCREENSHOTS set to a folder, pictures are left there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { LeakSearch } from '../../model/leaks.ts';
import type { Engine, LeakOptions, LeakReport, Target } from '../../model/records.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { KNOWN, NONE, UNKNOWN } from '../fake-leaks.ts';
import { generated, launch, open, show, texts, type Opened } from './open.ts';

const PICTURES = process.env['FLAGSTONE_SCREENSHOTS'];
const TOOK = { search: 850, pause: 12 };

/** The generated package, as far as it looks for leaks. */
interface Package extends Pick<Engine, 'LeakScan'> {
  attach(target: Target): { leaks(options?: LeakOptions): LeakReport; root: number };
}

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** The view. */
async function opened(options: BrowserContextOptions = {}): Promise<Opened> {
  const found = await open(browser, options);
  await show(found.page, 'leaks');
  await found.page.getByRole('button', { name: 'Look for leaks' }).waitFor();
  return found;
}

/** Lets the page see what a search came to. */
async function seen(page: Page, search: LeakSearch): Promise<void> {
  await page.evaluate((made) => document.querySelector<InspectorApp>('inspector-app')?.state?.leaks.set(made), search);
}

async function search(page: Page): Promise<LeakSearch> {
  const found = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.leaks.value);
  assert.ok(found !== undefined);
  return found;
}

async function looked(page: Page): Promise<LeakSearch & { kind: 'found' }> {
  await page.getByRole('button', { name: 'Look for leaks' }).click();
  await page.locator('leaks-view .sentence').waitFor();
  const found = await search(page);
  assert.ok(found.kind === 'found', JSON.stringify(found));
  return found;
}

test('the open documents of the demo are no leaks, because it says what JavaScript holds', async () => {
  const { page, complaints } = await opened();
  await generated(page, 'json', 2);
  const { report, took } = await looked(page);
  assert.equal(report.certainty, 'leak');
  assert.ok(report.liveObjects > 10_000 && report.lostObjects < report.liveObjects / 1_000, report.sentence);
  assert.ok(took.search > 0 && took.pause < took.search);
  assert.ok((await page.getByText('which of its objects JavaScript holds').count()) === 1);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('without the addresses that JavaScript holds everything it holds is out of reach, and not called a leak', async () => {
  const { page, complaints } = await opened();
  await generated(page, 'json', 1);
  await page.evaluate(() => {
    const state = document.querySelector<InspectorApp>('inspector-app')?.state;
    const target = state?.target.value;
    if (target !== undefined) state?.target.set({ memory: target.memory, root: target.root });
  });
  const { report } = await looked(page);
  assert.equal(report.certainty, 'js');
  assert.ok(report.lostObjects > 0, report.sentence);
  assert.ok((await texts(page, 'leaks-view td.certainty')).every((text) => text === 'out of reach'));
  assert.ok((await page.getByText('This program does not say which').count()) === 1);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the package finds the same at once, by steps, and says what is wrong with its options', async () => {
  const { page } = await opened();
  await generated(page, 'json', 1);
  const [once, steps, progress, ...sentences] = await page.evaluate(async () => {
    const target = document.querySelector<InspectorApp>('inspector-app')?.state?.target.value;
    const address = new URL('./flagstone.js', location.href).href;
    const { attach, LeakScan }: Package = await import(address);
    if (target === undefined) throw new Error('no target');
    const heap = attach(target);
    const scan = new LeakScan(new Uint8Array(target.memory.buffer.slice(0)), heap.root, { roots: target.roots?.() ?? [] });
    const first = scan.step(0);
    const said = (work: () => unknown): string => {
      try {
        return String(work());
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    };
    const wrong: number[] = [Number.NaN];
    return [heap.leaks(), scan.report(), first, said(() => scan.step(1)), said(() => heap.leaks({ roots: wrong })),
      said(() => attach({ ...target, roots: () => { throw new Error('not now'); } }).leaks()), said(() => heap.leaks({ roots: [-4] }).certainty)] as const;
  });
  assert.deepEqual(steps, once);
  assert.ok(progress.done > 0 && progress.done < progress.total && !progress.ended, JSON.stringify(progress));
  assert.deepEqual(sentences, ['the search for leaks is over: its report was given', 'roots must be a list of addresses', 'not now', 'leak']);
  await page.context().close();
});

test('where the worker’s script does not come the page searches itself, and finds the same', async () => {
  const { page } = await opened();
  await generated(page, 'json', 1);
  await page.getByRole('button', { name: 'Pause' }).click();
  const { report } = await looked(page);
  await page.route('**/leak-worker.js', (route) => route.abort());
  await seen(page, { kind: 'none' });
  const again = await looked(page);
  assert.deepEqual(again.report, report);
  await page.context().close();
});

test('a search can be stopped, and one that fails says why', async () => {
  const { page } = await opened();
  // A worker that is never ready.
  await page.route('**/leak-worker.js', () => undefined);
  await page.getByRole('button', { name: 'Look for leaks' }).click();
  await page.getByRole('progressbar', { name: 'The search' }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Look for leaks' }).waitFor();
  assert.equal((await search(page)).kind, 'none');
  await page.unroute('**/leak-worker.js');
  await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.target.set({ memory: new WebAssembly.Memory({ initial: 1 }) }));
  await page.getByRole('button', { name: 'Look for leaks' }).click();
  await page.getByRole('alert').getByText('no flagstone root found').waitFor();
  await page.context().close();
});

test('each group says what it is and leads to the map by key', async () => {
  const { page, complaints } = await opened();
  await page.getByRole('button', { name: 'Pause' }).click();
  await seen(page, { kind: 'found', report: KNOWN, took: TOOK });
  assert.deepEqual(await texts(page, 'leaks-view tbody th'), ['segments of 1.25 MiB', 'objects of 24 B', 'tiles, objects of 16 KiB', 'objects of 64 B\nasked for by site 5'].map((text) => text.replace(/(\d) (?=[KM]?i?B)/, '$1\u00a0')));
  const lists = page.locator('leaks-view tbody tr').nth(1);
  assert.equal(await lists.locator('button').count(), 8);
  assert.match(await lists.innerText(), /214/);
  // The hint of a word comes with the focus.
  await page.locator('leaks-view tbody tr').nth(3).locator('term-hint').first().locator('dfn').focus();
  await page.getByRole('tooltip').filter({ hasText: 'a cycle that nothing else points to', visible: true }).waitFor();
  const first = lists.getByRole('button', { name: '0x00123408' });
  assert.match((await first.getAttribute('aria-description')) ?? '', /61626364/);
  await first.focus();
  await page.keyboard.press('Enter');
  await page.locator('address-panel h3', { hasText: '0x00123408' }).waitFor();
  await show(page, 'leaks');
  assert.equal(await page.locator('leaks-view tbody tr').count(), 4, 'what was found stays');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('without the script of the view the page says so', async () => {
  const { page } = await open(browser);
  await page.route('**/leaks-view.js', (route) => route.abort());
  await show(page, 'leaks');
  await page.getByText('This view could not be loaded').waitFor();
  await page.context().close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1360]) {
    test(`it fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, complaints } = await opened({ viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme });
      const fold = page.getByRole('button', { name: 'Hide' });
      if (await fold.isVisible()) await fold.click();
      const states: [string, LeakSearch][] = [
        ['none', { kind: 'none' }], ['running', { kind: 'searching', share: 0.43 }], ['found', { kind: 'found', report: KNOWN, took: TOOK }],
        ['unknown', { kind: 'found', report: UNKNOWN, took: TOOK }], ['clean', { kind: 'found', report: NONE, took: TOOK }], ['failed', { kind: 'failed', sentence: 'There is not enough memory.' }],
      ];
      for (const [name, made] of states) {
        await seen(page, made);
        await page.waitForTimeout(150);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width, name);
        if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `leaks-${name}-${colorScheme}-${width}.png`), fullPage: true });
      }
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}
