// Builds what the npm package (../../pkg) has besides the engine: the entry for Node and the program `flagstone`; the element with the views
// that it loads later, the agent and the opener. The engine and the reader of symbols stay files of their own, as they were generated.
import { build } from 'esbuild';
import { chmod, cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/**
 * Bytes of script, compressed, that the element may load at its start, without the engine; of the 45 KiB today Lit is 6, and the views that
 * are shown first with the state behind them the rest. uPlot, 23, comes with the chart.
 */
const BUDGET = 60 * 1024;
/** Bytes, as they are, of what a program carries for the inspector: the agent in a worker, and the line that opens the inspector. */
const AGENT_BUDGET = 4 * 1024;

const here = dirname(fileURLToPath(import.meta.url));
const www = join(here, '..');
const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = option('--out', join(www, '..', 'pkg'));

/** The engine, and what is an entry of its own, lie beside the file that imports them. */
const beside = {
  name: 'beside',
  setup(made) {
    made.onResolve({ filter: /(^|\/)flagstone\.js$/ }, () => ({ path: './flagstone.js', external: true }));
    made.onResolve({ filter: /^\.\/node\.ts$/ }, () => ({ path: './node.js', external: true }));
  },
};

/** Names of the elements that the views define. On a page of somebody else's they begin with `flagstone-`, and a second copy of them does no harm. */
async function elementNames() {
  const names = [];
  for (const file of (await readdir(join(www, 'views'))).filter((name) => name.endsWith('.ts'))) {
    for (const [, name] of (await readFile(join(www, 'views', file), 'utf8')).matchAll(/customElements\.define\('([\w-]+)'/g)) names.push(name);
  }
  return names;
}

const names = await elementNames();
// Not in the paths of files, and not as a part of another name.
const NAMES = new RegExp(`(?<![\\w-]|[\\w.]/)(${names.join('|')})(?![\\w-]|\\.ts|\\.js)`, 'g');
const GENERATED = /const url = new URL\('\.\/(flagstone\w*\.js)', import\.meta\.url\)\.href;\n([\s\S]*?)import\(url\)/;

/**
 * What is otherwise in the page's own sources: elements have the prefix, and the engine and the reader of symbols are imported in words that
 * bundlers understand.
 */
const packaged = {
  name: 'packaged',
  setup(made) {
    made.onLoad({ filter: /[\\/](views|package)[\\/][\w-]+\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const named = text.replace(NAMES, 'flagstone-$1').replace(/^customElements\.define\((('flagstone-[\w-]+'), \w+)\);$/m, 'customElements.get($2) ?? customElements.define($1);');
      return { contents: named, loader: 'ts' };
    });
    made.onLoad({ filter: /[\\/]www[\\/](engine|symbols)\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!GENERATED.test(text)) throw new Error(`${path} loads what was generated in other words than the build of the package knows.`);
      return { contents: text.replace(GENERATED, "$2import('./$1')"), loader: 'ts' };
    });
    made.onResolve({ filter: /^\.\/flagstone\w*\.js$/ }, ({ path }) => ({ path: `../${path.slice(2)}`, external: true }));
  },
};

const common = { bundle: true, format: 'esm', legalComments: 'eof', logLevel: 'warning' };
const node = { ...common, plugins: [beside], outdir: out, platform: 'node', target: 'node20' };

await mkdir(out, { recursive: true });
await build({ ...node, entryPoints: [join(here, 'node.ts')] });
await build({ ...node, entryPoints: [{ in: join(here, 'bin.ts'), out: 'cli' }], banner: { js: '#!/usr/bin/env node' } });
await chmod(join(out, 'cli.js'), 0o755);

// All of the element lies in one folder: its parts find each other there, and the engine above it.
const folder = join(out, 'element');
await rm(folder, { recursive: true, force: true });
const later = (await readFile(join(www, 'build.mjs'), 'utf8')).match(/const LATER = \[([^\]]*)\]/)[1].match(/'[^']+'/g).map((path) => path.slice(1, -1));
const { metafile } = await build({
  ...common,
  entryPoints: [
    ...['element', 'agent', 'open', 'guard'].map((name) => ({ in: join(here, `${name}.ts`), out: name })),
    ...later.map((path) => ({ in: join(www, `${path}.ts`), out: basename(path) })),
  ],
  outdir: folder,
  minify: true,
  splitting: true,
  chunkNames: 'part-[hash]',
  metafile: true,
  target: 'es2022',
  loader: { '.css': 'text' },
  plugins: [packaged],
});

for (const name of ['node', 'agent', 'element', 'open', 'guard']) await cp(join(here, 'types', `${name}.d.ts`), join(out, ...(name === 'node' ? [] : ['element']), `${name}.d.ts`));
const missing = [];
for (const name of ['flagstone_symbols.js', 'flagstone_symbols_bg.wasm']) await cp(join(www, 'symbols', 'pkg', name), join(out, name)).catch(() => missing.push(name));

const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
/** A script with all that it imports at its start. */
function reach(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const { path, kind, external } of outputs.get(name)?.imports ?? []) if (kind === 'import-statement' && !external) reach(basename(path), found);
  return found;
}
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const size = async (paths) => Buffer.concat(await Promise.all(paths.map((path) => readFile(path))));
const started = async (name) => size([...reach(name)].map((part) => join(folder, part)));
const element = await started('element.js');
const everything = await size([...outputs.keys()].map((name) => join(folder, name)));
const agent = await started('agent.js');
const opener = await started('open.js');
const compressed = gzipSync(element).length;
const engine = await readFile(join(out, 'flagstone_bg.wasm')).catch(() => Buffer.alloc(0));
console.log(`package: element at the start ${kib(element.length)} (${kib(compressed)} gzip, budget ${kib(BUDGET)}), with all it loads later ${kib(everything.length)}, engine ${kib(engine.length)} (${kib(gzipSync(engine).length)} gzip)`);
console.log(`package: agent ${kib(agent.length)}, opener ${kib(opener.length)} (budget ${kib(AGENT_BUDGET)} each), node.js ${kib((await readFile(join(out, 'node.js'))).length)}, cli.js ${kib((await readFile(join(out, 'cli.js'))).length)}`);
if (missing.length > 0) console.log(`not built yet, so not in the package: ${missing.join(', ')}`);
if (compressed > BUDGET || agent.length > AGENT_BUDGET || opener.length > AGENT_BUDGET) {
  console.error('A script of the package is over its budget.');
  process.exitCode = 1;
}
