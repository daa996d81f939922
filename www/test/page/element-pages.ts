/** Pages of somebody else's on which `<heap-inspector>` is tested, with programs of their own, and how they are opened. Relies on the built package and demo. */
import { resolve } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Workbench } from '../../demo/demo.ts';
import type { HeapInspector } from '../../package/element.ts';
import type {} from '../../package/types/open.d.ts';
import { blank, type Opened } from './open.ts';
import { serve, type Site } from './site.ts';

interface Program {
  workbench: Workbench & { __wbg_ptr: number };
  memory: WebAssembly.Memory;
  exports: WebAssembly.Exports;
}

declare global {
  interface Window {
    program: Program;
    HeapInspector: typeof HeapInspector;
    worker: Worker;
    /** Tells the worker to open so many more documents. */
    grow(count: number): Promise<number>;
  }
}

const page = (script: string): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>somebody's page</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css"><script type="module" src="/${script}"></script></head><body><h1>An app</h1><tool-bar>mine</tool-bar></body></html>`;
const DEMO = `import init, { Workbench } from '/demo/flagstone_demo.js';
const stones = (count) => new TextEncoder().encode(JSON.stringify(Array.from({ length: count }, (_, index) => ({ index, name: 'stone ' + index }))));
export async function start() {
  const exports = await init();
  const workbench = new Workbench();
  workbench.open('stones.json', stones(2000));
  return { exports, workbench, memory: exports.memory, open: (count) => { workbench.open('more.json', stones(count)); return exports.memory.buffer.byteLength; } };
}`;
/** By their paths. */
const FILES = {
  '/page.css': 'body { margin: 0; font-family: serif; } tool-bar { display: block; }',
  '/demo.js': DEMO,
  '/plain.html': page('plain.js'),
  '/plain.js': `import { HeapInspector } from '/flagstone/element/element.js';
import { start } from '/demo.js';
window.HeapInspector = HeapInspector;
window.program = await start();`,
  '/worker.html': page('worker-page.js'),
  '/worker-page.js': `import '/flagstone/element/element.js';
window.worker = new Worker('/worker.js', { type: 'module' });
await new Promise((ready) => window.worker.addEventListener('message', ({ data }) => data === 'ready' && ready(), { once: true }));
window.grow = (count) => new Promise((done) => {
  window.worker.addEventListener('message', function listen({ data }) { if (typeof data?.grown === 'number') { window.worker.removeEventListener('message', listen); done(data.grown); } });
  window.worker.postMessage({ open: count });
});`,
  '/worker.js': `import { serve } from '/flagstone/element/agent.js';
import { start } from '/demo.js';
const program = await start();
serve({ ...program.exports, memory: program.memory, root: program.exports.__flagstone_root, roots: () => [program.workbench.__wbg_ptr] });
addEventListener('message', ({ data }) => { if (data?.open) postMessage({ grown: program.open(data.open) }); });
postMessage('ready');`,
  // A memory that is shared, with what another module left in it: all that an inspector asks of it is to be read.
  '/shared.html': page('shared.js'),
  '/shared.js': `import '/flagstone/element/element.js';
window.worker = new Worker('/shared-worker.js', { type: 'module' });
await new Promise((ready) => window.worker.addEventListener('message', ({ data }) => data === 'ready' && ready(), { once: true }));
window.grow = (count) => new Promise((done) => {
  window.worker.addEventListener('message', function listen({ data }) { if (typeof data?.grown === 'number') { window.worker.removeEventListener('message', listen); done(data.grown); } });
  window.worker.postMessage({ open: count });
});`,
  '/shared-worker.js': `import { serve } from '/flagstone/element/agent.js';
import { start } from '/demo.js';
const program = await start();
const shared = new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true });
const mirror = () => {
  const bytes = new Uint8Array(program.memory.buffer);
  const missing = (bytes.length - shared.buffer.byteLength) / 65536;
  if (missing > 0) shared.grow(missing);
  new Uint8Array(shared.buffer).set(bytes);
  return bytes.length;
};
mirror();
serve({ memory: shared, root: program.exports.__flagstone_root });
addEventListener('message', ({ data }) => { if (data?.open) { program.open(data.open); postMessage({ grown: mirror() }); } });
postMessage('ready');`,
  '/offer.html': page('offer.js'),
  '/offer.js': `import { offer } from '/flagstone/element/open.js';
import { start } from '/demo.js';
window.program = await start();
offer(window.program.exports, { roots: () => [window.program.workbench.__wbg_ptr] });`,
};

/** The pages, with the headers that shared memory needs or without. */
export function serveElement(isolated = false): Promise<Site> {
  return serve(FILES, { flagstone: resolve('../pkg'), demo: resolve('demo/pkg') }, isolated);
}

/** A page on which the program runs and the element is known. */
export async function plain(browser: Browser, site: Site, options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await blank(browser, options);
  opened.page.setDefaultTimeout(15_000);
  await opened.page.goto(`${site.url}plain.html`);
  await opened.page.waitForFunction(() => window.program !== undefined);
  return opened;
}

/** The figures that an inspector on the page shows, when they are there. */
export async function shown(of: Page, index = 0): Promise<string> {
  const figures = of.locator('heap-inspector').nth(index).locator('flagstone-overview-view .figures');
  await figures.waitFor();
  return figures.innerText();
}
