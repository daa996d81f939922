/**
 * Opens the built page in a real browser for the page tests, and collects what it complains about.
 * Relies on FLAGSTONE_CHROMIUM (the browser) and FLAGSTONE_URL (where the page is served).
 */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { InspectorApp } from '../../views/inspector-app.ts';
import type { DemoPanel } from '../../demo/demo-panel.ts';
import type { Summary } from '../../model/records.ts';
import type { Tab } from '../../state.ts';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const URL_OF_PAGE = process.env['FLAGSTONE_URL'] ?? '';

/** `more` are flags besides. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['FLAGSTONE_CHROMIUM'] ?? '', args: [...FLAGS, ...more] });
}

export interface Opened {
  page: Page;
  /** Console errors and warnings, uncaught errors, violations of the page's policy. */
  complaints: string[];
}

/** A page of its own context, before it goes anywhere. */
export async function blank(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  return { page, complaints };
}

/** The page, attached to the demo. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await blank(browser, options);
  await opened.page.goto(URL_OF_PAGE);
  await opened.page.waitForFunction(() => document.querySelector<InspectorApp>('inspector-app')?.state?.phase.value.kind === 'attached');
  return opened;
}

/** A fresh sample of the heap. */
export async function sampled(page: Page): Promise<Summary> {
  const summary = await page.evaluate(() => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    app?.recorder?.take();
    return app?.state?.summary.value;
  });
  if (summary === undefined) throw new Error('There is no sample.');
  return summary;
}

export interface Recorded {
  samples: number;
  /** Differences between composition and memory that are not 0, of the samples in the ring. */
  differences: number[];
  mismatches: number;
  growths: { fromPages: number; toPages: number; during: string | undefined }[];
}

export async function recorded(page: Page): Promise<Recorded> {
  const found = await page.evaluate(() => {
    const history = document.querySelector<InspectorApp>('inspector-app')?.state?.history.value;
    if (history === undefined) return undefined;
    const differences = Array.from({ length: history.length }, (_, index) => history.at(index)?.difference ?? 1).filter((value) => value !== 0);
    const growths = history.growths.map(({ fromPages, toPages, during }) => ({ fromPages, toPages, during }));
    return { samples: history.recorded, differences, mismatches: history.mismatches, growths };
  });
  if (found === undefined) throw new Error('There is no history.');
  return found;
}

/** Makes a file of so many MB in the demo and opens it there. */
export async function generated(page: Page, kind: 'json' | 'csv' | 'markdown', megabytes: number): Promise<void> {
  await page.evaluate(([of, size]) => document.querySelector<DemoPanel>('demo-panel')?.openGenerated(of, size), [kind, megabytes] as const);
}

export async function show(page: Page, tab: Tab): Promise<void> {
  await page.locator(`#tab-${tab}`).click();
}

/** Text of all elements that match, as people see it. */
export async function texts(page: Page, selector: string): Promise<string[]> {
  return (await page.locator(selector).allInnerTexts()).map((text) => text.trim());
}
