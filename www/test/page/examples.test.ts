/**
 * Claim: the examples run as they are: built by Vite and served under a strict policy, from Vite's development server, and in Node; and on each the
 * verdict agrees with what was done to it. Needs the built package and the program of the examples (`examples/notes/pkg`).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { build, createServer } from 'vite';
import { blank, launch } from './open.ts';
import { serve } from './site.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** The address of an example that Vite built, or serves as it is; and what ends that. */
async function served(name: string, kind: 'built' | 'development'): Promise<{ url: string; close(): void | Promise<void> }> {
  const root = resolve('examples', name);
  if (kind === 'built') {
    const outDir = resolve('node_modules/.flagstone-examples', name);
    await build({ root, logLevel: 'warn', build: { outDir, emptyOutDir: true } });
    const site = await serve({}, { app: outDir });
    return { url: `${site.url}app/index.html`, close: () => site.close() };
  }
  const server = await createServer({ root, logLevel: 'warn', cacheDir: resolve('node_modules/.flagstone-examples/cache', name), server: { host: '127.0.0.1', port: 0, watch: null } });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? assert.fail('Vite does not serve'), close: () => server.close() };
}

for (const [name, kind] of [['vite', 'built'], ['vite', 'development'], ['worker', 'built'], ['worker', 'development']] as const) {
  test(`the example ${name}, ${kind}: a heap is inspected, and the verdict follows what is done`, async () => {
    const { url, close } = await served(name, kind);
    try {
      const { page, complaints } = await blank(browser);
      page.setDefaultTimeout(20_000);
      await page.goto(url);
      await page.getByText('0 notes', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Inspect the memory' }).click();
      await page.locator('heap-inspector .figures').waitFor();
      const verdict = page.locator('flagstone-verdict-card');
      await verdict.getByText(/is the module’s stack|is the module's stack/).first().waitFor();
      await page.getByRole('button', { name: 'Add 50,000 notes' }).click();
      await page.getByText('50,000 notes', { exact: true }).waitFor();
      await verdict.getByText(/held by the program, most of it in 50,000 objects/).first().waitFor();
      await page.getByRole('button', { name: 'Keep one of ten' }).click();
      await page.getByText('5,000 notes', { exact: true }).waitFor();
      await verdict.getByText(/free but scattered/).first().waitFor();
      // What looks for leaks is a worker of its own, and the views are scripts of their own, wherever the bundler put them.
      await page.getByRole('tab', { name: 'Leaks' }).click();
      await page.getByRole('button', { name: 'Look for leaks' }).click();
      await page.locator('flagstone-leaks-view').getByText(/Everything that is allocated is in reach/).waitFor();
      assert.deepEqual(complaints, []);
      await page.context().close();
    } finally {
      await close();
    }
  });
}

test('the example for Node passes, and fails where something is left behind', () => {
  const run = (...words: string[]): { status: number | null; out: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['check.js', ...words], { cwd: resolve('examples/node'), encoding: 'utf8' });
    return { status, out: stdout + stderr };
  };
  const fine = run();
  assert.equal(fine.status, 0, fine.out);
  assert.match(fine.out, /^holds {2}no-leaks: Something leads to every live object\.$/m);
  const leaks = run('leak');
  assert.equal(leaks.status, 1, leaks.out);
  assert.match(leaks.out, /^FAILS {2}max-object-growth: What is live grew by 1,00\d objects/m);
});
