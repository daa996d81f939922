/**
 * Claim: what `pkg/` publishes works outside of the page: all that its `package.json` names is there, the examples of its README and of its
 * documentation compile against its types, and in Node it reads a running program, one that trapped, and saved bytes. Needs the built engine and demo.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Workbench } from '../../demo/demo.ts';
import type { Engine, Heap } from '../../model/records.ts';

const PKG = resolve('../pkg');
const DEMO = resolve('demo/pkg');
/** Documentation with examples that use the package. */
const DOCS = [resolve('../docs/headless.md'), resolve('../docs/element.md')];
/** A project of its own that has the package installed. */
const PROJECT = resolve('node_modules/.flagstone-package');

interface Package extends Engine {
  default(from: { module_or_path: Uint8Array }): Promise<unknown>;
  open(bytes: Uint8Array, root?: number): Heap;
}

interface Program {
  default(from: { module_or_path: Uint8Array }): Promise<{ memory: WebAssembly.Memory; __flagstone_root: WebAssembly.Global<'i32'> }>;
  Workbench: new () => Workbench;
}

before(() => {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(join(PROJECT, 'node_modules'), { recursive: true });
  symlinkSync(PKG, join(PROJECT, 'node_modules', 'flagstone'), 'dir');
});

test('all that the package names is in it, and all that is there is named', () => {
  const { exports, bin, files }: { exports: Record<string, string | { types: string; default: string }>; bin: Record<string, string>; files: string[] } = JSON.parse(readFileSync(join(PKG, 'package.json'), 'utf8'));
  const named = [...Object.values(exports).flatMap((entry) => typeof entry === 'string' ? [entry] : [entry.types, entry.default]), ...Object.values(bin)];
  const within = (path: string): boolean => files.some((name) => path === `./${name}` || path.startsWith(`./${name}/`));
  for (const path of named) assert.ok(path === './package.json' || within(path), `${path} is in files`);
  for (const path of [...files, ...named]) assert.ok(existsSync(join(PKG, path)), `${path} is built`);
  // What a script imports is there, too.
  const scripts = files.flatMap((name) => name.endsWith('.js') ? [name] : statSync(join(PKG, name)).isDirectory() ? readdirSync(join(PKG, name)).filter((inside) => inside.endsWith('.js')).map((inside) => `${name}/${inside}`) : []);
  assert.ok(scripts.length > 10);
  for (const script of scripts) {
    for (const [, path = ''] of readFileSync(join(PKG, script), 'utf8').matchAll(/(?:from|import|new URL)\s*\(?["'](\.{1,2}\/[\w./-]+|flagstone\w*\.wasm)["']/g)) {
      assert.ok(existsSync(join(PKG, dirname(script), path)), `${script} asks for ${path}`);
    }
  }
});

test('the examples of README and documentation compile, for bundlers and for Node', () => {
  const examples = [join(PKG, 'README.md'), ...DOCS].flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, example = '']) => example));
  assert.equal(examples.length, 8);
  const names = ['ArenaRow', 'CacheRow', 'CheckReport', 'Composition', 'HeapMap', 'Sample', 'SegmentFilter', 'SegmentKind', 'SegmentList', 'SegmentRow', 'SpanRow', 'Summary', 'Target', 'Whatis'];
  const all = `import type { ${names.join(', ')}, Inspector } from 'flagstone';\n`
    + 'export function first(heap: Inspector): HeapMap | undefined { const sample: Sample = heap.sample(4096); return sample.map; }\n'
    + `export type All = [${names.join(', ')}];\n`;
  const files = [['all.mts', all] as const, ...examples.map((example, index) => [`example-${index}.mts`, example] as const)];
  for (const [name, text] of files) writeFileSync(join(PROJECT, name), text);
  for (const kind of [['--module', 'nodenext'], ['--module', 'preserve', '--moduleResolution', 'bundler']]) {
    const words = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', '--types', '', ...kind, ...files.map(([name]) => name)];
    const ran = spawnSync(resolve('node_modules/.bin/tsc'), words, { cwd: PROJECT, encoding: 'utf8' });
    assert.equal(ran.stdout + ran.stderr, '', kind.join(' '));
    assert.equal(ran.status, 0);
  }
});

test('in Node it reads a program at work, after a trap, and saved bytes', async () => {
  const entry = pathToFileURL(join(PROJECT, 'node_modules/flagstone/flagstone.js')).href;
  const engine: Package = await import(entry);
  await engine.default({ module_or_path: readFileSync(join(PKG, 'flagstone_bg.wasm')) });
  const program: Program = await import(pathToFileURL(join(DEMO, 'flagstone_demo.js')).href);
  const { memory, __flagstone_root: root } = await program.default({ module_or_path: readFileSync(join(DEMO, 'flagstone_demo_bg.wasm')) });
  const workbench = new program.Workbench();
  workbench.open('list.json', new TextEncoder().encode(JSON.stringify(Array.from({ length: 5000 }, (_, index) => ({ index, name: `stone ${index}` })))));

  const heap = engine.attach({ memory, root });
  const { summary, caches } = heap.sample();
  const parts: number[] = Object.values(summary.composition);
  assert.equal(parts.reduce((a, b) => a + b, 0), memory.buffer.byteLength);
  assert.ok(summary.liveObjects > 5000 && caches.some(({ live }) => live > 1000));
  assert.deepEqual(engine.attach({ memory }).sample().summary, summary, 'the root is found without being told');

  // More than any allocation can have: the program ends as Rust programs do without memory. The bytes are never touched.
  const huge = new Uint8Array(new WebAssembly.Memory({ initial: 32_768 }).buffer);
  assert.throws(() => workbench.open('huge.json', huge), WebAssembly.RuntimeError);
  assert.deepEqual(heap.check().problems, []);
  assert.ok(heap.sample().summary.liveObjects >= summary.liveObjects);

  const saved = engine.open(new Uint8Array(memory.buffer));
  assert.deepEqual(saved.sample(65_536), heap.sample(65_536));
  assert.throws(() => engine.open(new Uint8Array(memory.buffer, 0, 65_536)), /root|truncated/);
});
