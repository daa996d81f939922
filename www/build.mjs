// Builds the page into ../dist (or the folder named by `--out`): the shell, its script, one stylesheet, a script for the view that is
// loaded when it is first shown, and beside them what others generated: the engine (../pkg), the reader of symbols (symbols/pkg), the demo
// (demo/pkg) with its debug file, and its samples.
// Every URL is relative, so the folder works from any static server and any sub-folder.
import { build } from 'esbuild';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/**
 * Bytes of minified script that the page may load at its start; a larger page fails the build. Of the 168 KiB today Lit is 16,
 * what is read of diagnosis on all pages 10 (a new fault is said wherever one looks, and an address says who asked for it, by name), the verdict,
 * the search, the links to what is looked at, and the colours of the map and what it showed before 16, the key for a snapshot and the peak 2, the pace of samples and what is chosen 5, and the page and the demo's panel the rest.
 */
const BUDGET = 170 * 1024;
/** Bytes of what is loaded when its view is first shown: of 257 KiB uPlot with its sheet and the chart are 58 (for axes, cursor and drawing that are not worth writing again), objects 25, what opens and saves dumps 8, snapshots with what takes and compares them 25, exports with their menu 34, faults 30, call sites with their flame graph, what only grows and lifetimes 38, the log 13, leaks 13, the map's past 4, and the mistakes of the demo 2. */
const LATER_BUDGET = 260 * 1024;
/** Bytes of the reader of symbols, which is loaded with the first call site, as it is and compressed. */
const SYMBOLS_BUDGET = 244 * 1024;
const SYMBOLS_GZIP_BUDGET = 100 * 1024;

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = option('--out', join(here, '..', 'dist'));
const entry = option('--entry', join(here, 'main.ts'));
/** Views that are scripts of their own, of these names; what looks for leaks, with its worker; and what opens and saves dumps. */
const LATER = ['views/time-chart', 'views/map-scrubber', 'views/objects-view', 'views/snapshots-view', 'snapshot-keeper', 'views/leaks-view', 'views/sites-view', 'views/log-view', 'views/faults-view', 'views/export-menu', 'leak-finder', 'leak-worker', 'views/dump-bar', 'dump-desk'];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const { metafile } = await build({
  entryPoints: [{ in: entry, out: 'main' }, { in: join(here, 'style.css'), out: 'main' }, ...LATER.map((path) => ({ in: join(here, `${path}.ts`), out: basename(path) }))],
  outdir: out,
  bundle: true,
  minify: true,
  // What several scripts share are scripts of their own; the names of those that are asked for stay the same from build to build.
  splitting: true,
  chunkNames: 'part-[hash]',
  metafile: true,
  format: 'esm',
  target: 'es2022',
  // uPlot's sheet is adopted by the chart's shadow root, which the page's stylesheet does not reach.
  loader: { '.min.css': 'text' },
  legalComments: 'eof',
  logLevel: 'warning',
});

await cp(join(here, '..', 'index.html'), join(out, 'index.html'));
const missing = [];
for (const [folder, names] of [
  [join(here, '..', 'pkg'), ['flagstone.js', 'flagstone_bg.wasm']],
  [join(here, 'symbols', 'pkg'), ['flagstone_symbols.js', 'flagstone_symbols_bg.wasm']],
  [join(here, 'demo', 'pkg'), ['flagstone_demo.js', 'flagstone_demo_bg.wasm', 'flagstone_demo.debug.wasm']],
]) {
  for (const name of names) {
    await cp(join(folder, name), join(out, name)).catch(() => missing.push(name));
  }
}
// JavaScript that crates of the demo bring along.
await cp(join(here, 'demo', 'pkg', 'snippets'), join(out, 'snippets'), { recursive: true }).catch(() => missing.push('snippets'));
await copySamples(join(here, 'demo', 'samples'), join(out, 'samples'));

const style = await stat(join(out, 'main.css'));
const scripts = new Map(Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.js')).map(([path, output]) => [path, output]));
const start = new Set();
const reach = (path) => {
  if (start.has(path)) return;
  start.add(path);
  for (const { path: next, kind } of scripts.get(path)?.imports ?? []) if (kind === 'import-statement') reach(next);
};
reach([...scripts.keys()].find((path) => path.endsWith('/main.js')));
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const size = async (paths) => Buffer.concat(await Promise.all(paths.map((path) => readFile(path))));
const first = await size([...start]);
const later = await size([...scripts.keys()].filter((path) => !start.has(path)));
console.log(`script at the start ${kib(first.length)} (${kib(gzipSync(first).length)} gzip, budget ${kib(BUDGET)}), later ${kib(later.length)} (budget ${kib(LATER_BUDGET)}), main.css ${kib(style.size)}`);
const reader = await readFile(join(out, 'flagstone_symbols_bg.wasm')).catch(() => Buffer.alloc(0));
const compressed = gzipSync(reader, { level: 9 }).length;
console.log(`reader of symbols ${kib(reader.length)} (${kib(compressed)} gzip, budgets ${kib(SYMBOLS_BUDGET)} and ${kib(SYMBOLS_GZIP_BUDGET)})`);
for (const name of ['flagstone_demo_bg.wasm', 'flagstone_demo.debug.wasm']) {
  const bytes = await readFile(join(out, name)).catch(() => Buffer.alloc(0));
  console.log(`${name} ${kib(bytes.length)} (${kib(gzipSync(bytes).length)} gzip)`);
}
if (missing.length > 0) {
  console.log(`not built yet, so not in the folder: ${missing.join(', ')}`);
}
if (first.length > BUDGET || later.length > LATER_BUDGET) {
  console.error('The script is over its budget.');
  process.exitCode = 1;
}
if (reader.length > SYMBOLS_BUDGET || compressed > SYMBOLS_GZIP_BUDGET) {
  console.error('The reader of symbols is over its budget.');
  process.exitCode = 1;
}

/** Copies the demo's samples and lists them, because a static server does not list a folder. */
async function copySamples(from, to) {
  const names = (await readdir(from).catch(() => [])).filter((name) => /\.(md|json|csv|rhai)$/.test(name)).sort();
  await mkdir(to, { recursive: true });
  const list = [];
  for (const name of names) {
    await cp(join(from, name), join(to, name));
    list.push({ name, bytes: (await stat(join(from, name))).size });
  }
  await writeFile(join(to, 'list.json'), `${JSON.stringify(list)}\n`);
}
