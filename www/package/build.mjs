// Builds what the npm package (../../pkg) has besides the engine: the entry for Node and the program `flagstone`. The engine itself
// stays a file of its own, as it was generated, and is found beside the others.
import { build } from 'esbuild';
import { chmod, cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, fallback) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
};
const out = option('--out', join(here, '..', '..', 'pkg'));

/** The engine, and what is an entry of its own, lie beside the file that imports them. */
const beside = {
  name: 'beside',
  setup(made) {
    made.onResolve({ filter: /(^|\/)flagstone\.js$/ }, () => ({ path: './flagstone.js', external: true }));
    made.onResolve({ filter: /^\.\/node\.ts$/ }, ({ importer }) => importer === '' ? undefined : { path: './node.js', external: true });
  },
};

const common = { bundle: true, format: 'esm', legalComments: 'eof', logLevel: 'warning', plugins: [beside], outdir: out };

await mkdir(out, { recursive: true });
await build({ ...common, entryPoints: [join(here, 'node.ts')], platform: 'node', target: 'node20' });
await build({ ...common, entryPoints: [{ in: join(here, 'bin.ts'), out: 'cli' }], platform: 'node', target: 'node20', banner: { js: '#!/usr/bin/env node' } });
await chmod(join(out, 'cli.js'), 0o755);
for (const name of ['node.d.ts']) await cp(join(here, 'types', name), join(out, name));

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
for (const name of ['node.js', 'cli.js']) {
  const bytes = await readFile(join(out, name));
  console.log(`package: ${name} ${kib(bytes.length)} (${kib(gzipSync(bytes).length)} gzip)`);
}
