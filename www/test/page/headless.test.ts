/**
 * Claim: the package without a page, as people have it: the program `flagstone` on real saved memories and on broken files, with the exit codes and
 * sentences that CI relies on, and `flagstone/node` on a program that runs in the same process. Needs the built engine and demo.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type * as Headless from '../../package/types/node.d.ts';
import type { Workbench } from '../../demo/demo.ts';

const DEMO = resolve('demo/pkg');
/** A project of its own that has the package installed, with its program. */
const PROJECT = resolve('node_modules/.flagstone-headless');
const PROGRAM = join(PROJECT, 'node_modules/.bin/flagstone');

interface Demo {
  default(from: { module_or_path: Uint8Array }): Promise<{ memory: WebAssembly.Memory; __flagstone_root: WebAssembly.Global<'i32'> }>;
  Workbench: new () => Workbench & { __wbg_ptr: number };
}

let headless: typeof Headless;
let app: Awaited<ReturnType<Demo['default']>>;
let workbench: Workbench & { __wbg_ptr: number };
/** The memory with one document open, and with two. */
let one: Uint8Array<ArrayBuffer>;
let two: Uint8Array<ArrayBuffer>;

function stones(count: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(Array.from({ length: count }, (_, index) => ({ index, name: `stone ${index}` }))));
}

before(async () => {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(join(PROJECT, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve('../pkg'), join(PROJECT, 'node_modules/flagstone'), 'dir');
  symlinkSync('../flagstone/cli.js', PROGRAM);
  headless = await import(pathToFileURL(join(PROJECT, 'node_modules/flagstone/node.js')).href);
  const demo: Demo = await import(pathToFileURL(join(DEMO, 'flagstone_demo.js')).href);
  app = await demo.default({ module_or_path: readFileSync(join(DEMO, 'flagstone_demo_bg.wasm')) });
  workbench = new demo.Workbench();
  workbench.open('one.json', stones(5000));
  one = headless.copy(app);
  workbench.open('two.json', stones(9000));
  two = headless.copy(app);
  writeFileSync(join(PROJECT, 'one.mem'), one);
  writeFileSync(join(PROJECT, 'two.mem.gz'), gzipSync(two));
});

interface Ran {
  status: number | null;
  out: string;
  err: string;
}

function run(...words: string[]): Ran {
  const ran = spawnSync(PROGRAM, words, { cwd: PROJECT, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

/** The words make no sense or the file is none: said in a sentence, and nothing else is printed. */
function refused(says: RegExp, ...words: string[]): void {
  const { status, out, err } = run(...words);
  assert.equal(status, 2, `${words.join(' ')}: ${err}`);
  assert.match(err, says, words.join(' '));
  assert.doesNotMatch(err, /\n\s+at /, 'no stack of ours');
  assert.equal(out, '');
}

test('a report of a saved memory, for people and for programs', () => {
  const { status, out, err } = run('report', 'one.mem', '--json');
  assert.deepEqual([status, err], [0, '']);
  const report: Headless.Report = JSON.parse(out);
  assert.equal(report.composition.reduce((sum, { bytes }) => sum + bytes, 0), one.byteLength);
  assert.equal(report.summary.pages * 65_536, one.byteLength);
  // One object of the map's class for each record, and none went away.
  assert.ok(report.caches.rows.some(({ live }) => live >= 5000));
  assert.ok(report.objectCaches.rows.some(({ name, live }) => name === 'documents' && live === 1));
  assert.deepEqual([report.ok, report.check.ok, report.check.problems], [true, true, []]);
  assert.ok((report.sites?.rows.length ?? 0) > 0);

  const lines = run('report', 'one.mem', '--top', '3');
  assert.equal(lines.status, 0);
  assert.match(lines.out, new RegExp(`^  In all +[\\d.]+ MiB {2}${one.byteLength.toLocaleString('en-US')} bytes$`, 'm'));
  assert.match(lines.out, /^The heap is whole: /m);
});

test('what is compressed is the same memory', () => {
  writeFileSync(join(PROJECT, 'two.mem'), two);
  assert.equal(run('report', 'two.mem.gz', '--json').out, run('report', 'two.mem', '--json').out);
});

test('a core dump says where it is from, is smaller than the memory, and tells the same', () => {
  const dump = headless.dump(app, { program: 'workbench', reason: 'trap', error: 'unreachable\u001b[31m' });
  assert.ok(dump.byteLength < app.memory.buffer.byteLength, `${dump.byteLength} of ${app.memory.buffer.byteLength} bytes`);
  writeFileSync(join(PROJECT, 'core.wasm.gz'), gzipSync(dump));
  const told: Headless.Report = JSON.parse(run('report', 'core.wasm.gz', '--json').out);
  assert.deepEqual([told.origin?.program, told.origin?.reason, told.origin?.format], ['workbench', 'trap', 'flagstone']);
  const live = headless.report(app);
  assert.deepEqual([told.summary, told.composition, told.caches], [live.summary, live.composition, live.caches]);
  const { status, out } = run('report', 'core.wasm.gz');
  assert.equal(status, 0);
  assert.match(out, /^Its error: unreachable\\x1b\[31m$/m);
  const heap = headless.attach(app);
  assert.deepEqual(headless.dump(heap, { time: 7 }), headless.dump(app, { time: 7 }), 'attached to before, or for it');
  heap.free();
});

test('assertions decide the exit code', () => {
  const pages = one.byteLength / 65_536;
  assert.equal(run('report', 'one.mem', '--assert', `max-pages=${pages},max-live=16MiB,ok`).status, 0);
  const failed = run('report', 'one.mem', '--assert', `max-pages=${pages - 1},ok`);
  assert.equal(failed.status, 1);
  assert.match(failed.out, new RegExp(`^FAILS  max-pages: The memory has ${pages} pages, which is more than the limit of ${pages - 1} pages\\.$`, 'm'));
  assert.equal(run('diff', 'one.mem', 'two.mem.gz', '--assert', 'max-live-growth=64MiB').status, 0);
  assert.equal(run('diff', 'one.mem', 'two.mem.gz', '--assert', 'max-live-growth=1KiB').status, 1);
});

test('what JavaScript holds makes the difference between a leak and none', () => {
  assert.equal(run('report', 'one.mem', '--assert', 'no-leaks').status, 1);
  assert.match(run('report', 'one.mem', '--assert', 'no-leaks').out, /FAILS {2}no-leaks: .*JavaScript may hold them/);
  const told = run('report', 'one.mem', '--assert', 'no-leaks', '--roots', `0x${workbench.__wbg_ptr.toString(16)}`);
  assert.equal(told.status, 0, told.out);
});

test('a comparison names what grew', () => {
  const { status, out } = run('diff', 'one.mem', 'two.mem.gz', '--json');
  assert.equal(status, 0);
  const diff: Headless.Diff = JSON.parse(out);
  assert.equal(diff.summary.memoryBytes.change, two.byteLength - one.byteLength);
  assert.equal(diff.composition.reduce((sum, { change }) => sum + change, 0), two.byteLength - one.byteLength);
  assert.equal(diff.objectCaches.rows.find(({ name }) => name === 'documents')?.live.change, 1);
  assert.ok((diff.caches.rows[0]?.live.change ?? 0) >= 9000);
  // Nothing of the first document went away, and what is new is more than the net growth of none.
  assert.equal(diff.objects.all.new.count - diff.objects.all.freed.count, diff.summary.liveObjects.change);
  assert.ok(diff.objects.all.new.count >= 9000 && diff.objects.all.surviving.count >= 10_000);
  const same: Headless.Diff = JSON.parse(run('diff', 'one.mem', 'one.mem', '--json').out);
  assert.deepEqual([same.caches, same.objectCaches, same.sites], Array(3).fill({ rows: [], left: 0 }));
});

test('a damaged heap is told with its problems, and the exit code is that of a failure', () => {
  const heap = headless.open(one);
  const own = heap.arenas().find(({ kind }) => kind === 'heap')?.id ?? assert.fail('no heap');
  const damaged = one.slice();
  for (const { start, length } of heap.segments(own, { kinds: ['metadata'] }).rows) damaged.fill(0xa5, start + length / 2, start + length);
  heap.free();
  writeFileSync(join(PROJECT, 'damaged.mem'), damaged);
  const { status, out } = run('report', 'damaged.mem', '--json');
  assert.equal(status, 1);
  const report: Headless.Report = JSON.parse(out);
  assert.equal(report.ok, false);
  assert.ok(report.check.problems.length > 0 && report.check.problems.every(({ sentence }) => sentence.length > 10));
});

test('files that are none are refused with a sentence', () => {
  const put = (name: string, bytes: Uint8Array | string): string => (writeFileSync(join(PROJECT, name), bytes), name);
  refused(/^flagstone: none\.mem cannot be read: there is no such file\.\n$/, 'report', 'none.mem');
  refused(/^flagstone: node_modules cannot be read: it is a folder\.\n$/, 'report', 'node_modules');
  refused(/^flagstone: empty: no flagstone root found in 0 bytes/, 'report', put('empty', ''));
  refused(/^flagstone: text: no flagstone root found in 11 bytes/, 'report', put('text', 'hello world'));
  refused(/^flagstone: zeros: no flagstone root found in 131072 bytes/, 'report', put('zeros', new Uint8Array(131_072)));
  refused(/^flagstone: short\.mem: .*(truncated|root)/, 'report', put('short.mem', one.subarray(0, 70_000)));
  refused(/^flagstone: cut\.gz: What gzip compressed cannot be unpacked: it is cut off\.\n$/, 'report', put('cut.gz', gzipSync(one).subarray(0, 5000)));
  const torn = gzipSync(one);
  torn.fill(0xff, 200, 400);
  refused(/^flagstone: torn\.gz: What gzip compressed cannot be unpacked: it is damaged\.\n$/, 'report', put('torn.gz', torn));
  refused(/^flagstone: packed\.gz: no flagstone root/, 'report', put('packed.gz', gzipSync('hello world')));
  refused(/^flagstone: module\.wasm: /, 'report', put('module.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 0xff, 0xff])));
  refused(/^flagstone: none\.mem cannot be read/, 'diff', 'one.mem', 'none.mem');
});

test('words that make no sense are refused with a sentence, before anything is read', () => {
  refused(/say what to do: report or diff/);
  refused(/“repot” is no command: there are report and diff/, 'repot', 'one.mem');
  refused(/report takes one file, and none was given/, 'report');
  refused(/diff takes two files, and one was given/, 'diff', 'one.mem');
  refused(/report takes one file, and 2 were given/, 'report', 'one.mem', 'two.mem');
  refused(/Unknown option '--jsn'/, 'report', 'one.mem', '--jsn');
  refused(/“max-page=3” is nothing that can be asserted here/, 'report', 'none.mem', '--assert', 'max-page=3');
  refused(/--top takes a number, and “many” was given/, 'report', 'one.mem', '--top', 'many');
  refused(/--roots takes addresses such as 0x1a000, and “here” was given/, 'report', 'one.mem', '--roots', 'here');
  refused(/no-leaks cannot be asserted/, 'report', 'one.mem', '--assert', 'no-leaks', '--no-leaks-search');
  assert.match(run('--help').out, /^flagstone report FILE/);
  const { version } = JSON.parse(readFileSync('../pkg/package.json', 'utf8'));
  assert.equal(run('--version').out, `${version}\n`);
});

test('in the same process: a running program, and one that has trapped', () => {
  const live = headless.report(app, { roots: [workbench.__wbg_ptr], assert: 'no-leaks' });
  assert.equal(live.ok, true, headless.text(live));
  assert.equal(live.summary.memoryBytes, app.memory.buffer.byteLength);
  const heap = headless.attach(app);
  assert.deepEqual(headless.report(heap), { ...headless.report(headless.copy(app)), origin: null }, 'attached to, or saved');
  assert.deepEqual(headless.report(heap), headless.report(app.memory), 'with the root, or without');
  assert.equal(headless.diff(two, heap).summary.liveObjects.change, 0);

  const huge = new Uint8Array(new WebAssembly.Memory({ initial: 32_768 }).buffer);
  assert.throws(() => workbench.open('huge.json', huge), WebAssembly.RuntimeError);
  assert.equal(headless.report(heap).check.ok, true);
  heap.free();
  assert.throws(() => headless.attach(new WebAssembly.Memory({ initial: 1 })), /no flagstone root/);
});
