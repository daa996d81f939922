/** Opens the page on a heap that is made up, with a program that does nothing: each kind of fault, site and entry is there. Relies on `open.ts`. */
import { build } from 'esbuild';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { AuditReport } from '../../model/records.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import '../fake-package.ts';
import { blank, URL_OF_PAGE, type Opened } from './open.ts';

const PROGRAM = `export default async () => ({ memory: new WebAssembly.Memory({ initial: 3 }) });
export class Workbench { list() { return []; } tick() {} closeAll() {} }`;

let engine: Promise<string> | undefined;

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'warning' });
  return outputFiles[0]?.text ?? '';
}

/** The page in a pause, attached to the made-up heap. */
export async function faked(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await blank(browser, options);
  const { page } = opened;
  engine ??= bundled('test/fake-package.ts');
  const body = await engine;
  await page.route('**/flagstone.js', (route) => route.fulfill({ contentType: 'text/javascript', body }));
  await page.route('**/flagstone_demo.js', (route) => route.fulfill({ contentType: 'text/javascript', body: PROGRAM }));
  await page.goto(URL_OF_PAGE);
  await page.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.phase.value.kind === 'attached');
  await page.getByRole('button', { name: 'Pause' }).click();
  // Names of frames, as the symbols of the page would give them.
  await page.evaluate(() => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    if (app?.recorder === undefined || window.fakeSymbols === undefined) return;
    app.recorder.diagnosis.symbols = window.fakeSymbols;
    app.symbols = window.fakeSymbols;
  });
  return opened;
}

/** Lets the heap say something else of diagnosis from now on. */
export async function told(page: Page, report: AuditReport | null): Promise<void> {
  await page.evaluate((says) => {
    if (window.fakeHeap !== undefined) window.fakeHeap.report = says;
    document.querySelector<InspectorApp>('inspector-app')?.recorder?.take();
  }, report);
}
