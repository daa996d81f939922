/**
 * Claim: the example in yew runs, and one line opens the inspector on it. `trunk` builds it where it is installed; else cargo and the
 * binding generator do what it would do, and the test says so. It takes minutes to compile. Cargo is that of CARGO and RUSTC, which
 * `cargo xtask wasm-toolchain` prints.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { blank, launch } from '../page/open.ts';
import { serve, STRICT } from '../page/site.ts';

const EXAMPLE = resolve('examples/trunk');
const OUT = resolve('node_modules/.flagstone-examples/trunk');
const TARGET = process.env['CARGO_TARGET_DIR'] ?? join(EXAMPLE, 'target');

/** What trunk makes of `index.html`, without what is only there for development. */
const PAGE = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Notes in yew</title><link rel="icon" href="data:,"><script type="module" src="inspector.js"></script><script type="module" src="start.js"></script></head><body></body></html>';
const START = `import init, * as bindings from './app.js';
const wasm = await init({ module_or_path: './app_bg.wasm' });
window.wasmBindings = bindings;
dispatchEvent(new CustomEvent('TrunkApplicationStarted', { detail: { wasm } }));`;

function run(program: string, words: readonly string[]): void {
  const ran = spawnSync(program, words, { cwd: EXAMPLE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  assert.equal(ran.status, 0, `${program} ${words.join(' ')}: ${ran.error?.message ?? ''}\n${ran.stderr ?? ''}`);
}

/** Trunk starts the program by a script in the page. */
const trunk = spawnSync('trunk', ['--version']).status === 0;

before(() => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  if (trunk) return run('trunk', ['build', '--release', '--dist', OUT]);
  console.log('trunk is not installed: cargo and the binding generator build the example, and trunk itself was not run.');
  run(process.env['CARGO'] ?? 'cargo', ['build', '--release', '--target', 'wasm32-unknown-unknown', '--target-dir', TARGET]);
  run(resolve('../target/tools/bindgen'), ['bindgen', '--target', 'web', '--no-typescript', '--out-name', 'app', '--out-dir', OUT, join(TARGET, 'wasm32-unknown-unknown/release/flagstone-trunk-example.wasm')]);
  cpSync(resolve('../pkg'), join(OUT, 'flagstone'), { recursive: true });
  cpSync(join(EXAMPLE, 'inspector.js'), join(OUT, 'inspector.js'));
  writeFileSync(join(OUT, 'index.html'), PAGE);
  writeFileSync(join(OUT, 'start.js'), START);
});

test('the app works, and the verdict follows what is done in it', async (context) => {
  const site = await serve({}, { app: OUT }, false, trunk ? STRICT.replace("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-inline'") : STRICT);
  const browser = await launch();
  context.after(async () => {
    await browser.close();
    site.close();
  });
  const { page, complaints } = await blank(browser);
  page.setDefaultTimeout(20_000);
  await page.goto(`${site.url}app/index.html?heap-inspector`);
  await page.getByText('0 notes', { exact: true }).waitFor();
  await page.locator('heap-inspector .figures').waitFor();
  for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) {
    await page.locator('#add').click();
    await page.getByText(`${count * 1000} notes`, { exact: true }).waitFor();
  }
  await page.locator('flagstone-verdict-card').getByText(/held by the program/).first().waitFor();
  assert.deepEqual(complaints, []);
});
