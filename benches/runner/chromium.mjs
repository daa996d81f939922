// Takes the steps in a page of headless Chromium. Each step is a call of its own, so none is cut short.

import { createRequire } from 'node:module';

/** The page needs nothing from the network, and measures better without what a person needs. */
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** An engine: `take` does a step with one of the modules that are served at `url`, beside `measure.mjs`. */
export async function open({ program, url, v8 }) {
  // The page's own packages, as `www/package-lock.json` names them.
  const { chromium } = createRequire(new URL('../../www/package.json', import.meta.url))('playwright-core');
  const browser = await chromium.launch({ executablePath: program, args: [...FLAGS, `--js-flags=${v8}`] });
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.goto(url);
  const about = await page.evaluate(async () => {
    const { step } = await import('/measure.mjs');
    const modules = new Map();
    globalThis.take = async (name, module, rest) => {
      if (!modules.has(module)) modules.set(module, await WebAssembly.compileStreaming(fetch(`/${module}.wasm`)));
      return step(name, modules.get(module), ...rest);
    };
    return { isolated: globalThis.crossOriginIsolated, collects: typeof globalThis.gc === 'function' };
  });
  if (!about.isolated || !about.collects) throw new Error('the page is not isolated, or V8 did not take its flags');
  return {
    about: `Chromium ${browser.version()}`,
    take: (name, module, ...rest) => page.evaluate((call) => globalThis.take(...call), [name, module, rest]),
    close: () => browser.close(),
  };
}
