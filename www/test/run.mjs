// Bundles the tests and runs them with node: `model` (pure, no browser), `page` (a real browser on a built page), or both; only when they are
// asked for, `trunk` (the example in yew, which takes minutes to compile) and `perfetto` (exports in its page, which is no package of ours).
// A second word leaves only the files whose names begin with it. The page tests take the browser from FLAGSTONE_CHROMIUM and the page's address from FLAGSTONE_URL.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const www = join(dirname(fileURLToPath(import.meta.url)), '..');
// Inside node_modules, where packages are found from and nothing is committed.
const out = join(www, 'node_modules', '.flagstone-tests');
const wanted = process.argv[2] ?? 'all';
const folders = { model: ['.', 'model', 'exports', 'views', 'demo', 'package', 'test'], page: ['test/page'], trunk: ['test/trunk'], perfetto: ['test/perfetto'] };
if (wanted !== 'all' && !(wanted in folders)) {
  console.error(`There are no tests called "${wanted}": use model, page, trunk, perfetto, or nothing for the first two.`);
  process.exit(2);
}
const missing = ['FLAGSTONE_CHROMIUM', 'FLAGSTONE_URL'].filter((name) => !process.env[name]);
if (wanted !== 'model' && missing.length > 0) {
  console.error(`The page tests need ${missing.join(' and ')} (a Chromium program, the address of a served page).`);
  if (wanted !== 'all') process.exit(2);
  console.error('Only the model tests run.');
}
const chosen = wanted !== 'all' ? folders[wanted] : missing.length > 0 ? folders.model : [...folders.model, ...folders.page];

const entries = [];
for (const folder of chosen) {
  const names = await readdir(join(www, folder)).catch(() => []);
  entries.push(...names.filter((name) => name.endsWith('.test.ts') && name.startsWith(process.argv[3] ?? '')).map((name) => join(www, folder, name)));
}
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: entries, outdir: out, outbase: www, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', format: 'esm', target: 'node20',
  packages: 'external', sourcemap: 'inline', logLevel: 'warning',
});
const files = entries.map((entry) => join(out, entry.slice(www.length)).replace(/\.ts$/, '.mjs'));
const ran = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-concurrency=1', ...files], { cwd: www, stdio: 'inherit' });
process.exit(ran.status ?? 1);
