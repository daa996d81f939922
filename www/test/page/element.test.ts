/**
 * Claim: `<heap-inspector>` works on a plain page of somebody else's under a strict policy: on a program of the page and in a file; several at once; as
 * a panel by keyboard; and when it is removed nothing of it goes on. Needs the built package and demo.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { HeapInspector } from '../../package/element.ts';
import { plain, serveElement, shown } from './element-pages.ts';
import { blank, launch } from './open.ts';
import type { Site } from './site.ts';

let browser: Browser;
let site: Site;
before(async () => {
  browser = await launch();
  site = await serveElement();
});
after(async () => {
  await browser.close();
  site.close();
});

test('on a program of the page: every view comes, under the page’s policy, and the page’s own elements stay what they are', async () => {
  const { page: at, complaints } = await plain(browser, site);
  await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    await inspector.attach(window.program.exports, { roots: () => [window.program.workbench.__wbg_ptr], module: '/demo/flagstone_demo_bg.wasm' });
  });
  const bytes = await at.evaluate(() => window.program.memory.buffer.byteLength);
  assert.match(await shown(at), new RegExp(`${(bytes / 65_536).toLocaleString('en-US')} pages`));
  await at.locator('flagstone-time-chart canvas').waitFor();
  for (const [name, view] of [['Objects', 'objects-view'], ['Map', 'heap-map'], ['Call sites', 'sites-view'], ['Log', 'log-view'], ['Faults', 'faults-view'], ['Leaks', 'leaks-view']] as const) {
    await at.getByRole('tab', { name }).click();
    await at.waitForFunction((tag) => customElements.get(tag) !== undefined, `flagstone-${view}`);
  }
  await at.getByRole('button', { name: 'Look for leaks' }).click();
  await at.locator('flagstone-leaks-view').getByText(/Everything that is allocated is in reach/).waitFor();
  await at.getByRole('tab', { name: 'Call sites' }).click();
  // Names come from the module, read by the reader of symbols.
  await at.locator('flagstone-sites-view').getByText(/Names from the module/).waitFor();
  await at.getByRole('tab', { name: 'Check' }).click();
  await at.getByRole('button', { name: 'Check now' }).click();
  await at.getByText(/No problem found/).waitFor();
  assert.equal(await at.evaluate(() => customElements.get('tool-bar')), undefined);
  assert.equal(await at.locator('tool-bar').first().innerText(), 'mine');
  assert.deepEqual(complaints, []);
  await at.context().close();
});

test('a colour that the page sets goes before its own, parts can be styled, and what the page wears does not reach in', async () => {
  const { page: at, complaints } = await plain(browser, site);
  const looks = await at.evaluate(async () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(':root { --accent: rgb(9, 9, 9); } heap-inspector.mine { --accent: rgb(1, 2, 3); } heap-inspector::part(toolbar) { border-bottom-width: 7px; }');
    document.adoptedStyleSheets.push(sheet);
    const [own, mine] = [document.createElement('heap-inspector'), document.createElement('heap-inspector')];
    mine.className = 'mine';
    mine.theme = 'dark';
    own.theme = 'light';
    document.body.append(own, mine);
    await Promise.all([own.attach(window.program.memory), mine.attach(window.program.memory)]);
    const read = (element: HTMLElement): string[] => {
      const style = getComputedStyle(element);
      return [style.getPropertyValue('--accent'), style.colorScheme, style.backgroundColor, style.fontFamily.split(',')[0] ?? ''];
    };
    const bar = own.shadowRoot?.querySelector('flagstone-inspector-app')?.shadowRoot?.querySelector('flagstone-tool-bar');
    return { own: read(own), mine: read(mine), border: bar === null || bar === undefined ? '' : getComputedStyle(bar).borderBottomWidth };
  });
  assert.match(looks.own[0] ?? '', /light-dark\(#0b6b63, #57d3c4\)/);
  assert.deepEqual(looks.own.slice(1), ['light', 'rgb(243, 244, 242)', 'system-ui']);
  assert.deepEqual(looks.mine, ['rgb(1, 2, 3)', 'dark', 'rgb(18, 20, 23)', 'system-ui']);
  assert.equal(looks.border, '7px');
  assert.deepEqual(complaints, []);
  await at.context().close();
});

test('a key that the page waits for stays the page’s, unless it is pressed in the inspector', async () => {
  const { page: at } = await plain(browser, site);
  await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    await inspector.attach(window.program.memory);
  });
  await shown(at);
  const place = (): Promise<string | undefined> => at.evaluate(() => document.activeElement?.localName);
  await at.keyboard.press('/');
  assert.equal(await place(), 'body');
  await at.locator('heap-inspector').getByRole('tab', { name: 'Caches' }).click();
  await at.keyboard.press('/');
  const within = await at.locator('flagstone-search-box input').evaluate((input) => input.matches(':focus'));
  assert.equal(within, true);
  await at.context().close();
});

test('the choice of theme in one inspector is its own', async () => {
  const { page: at } = await plain(browser, site);
  await at.evaluate(async () => {
    for (const index of [0, 1]) {
      const inspector = document.createElement('heap-inspector');
      document.body.append(inspector);
      await inspector.attach(index === 0 ? window.program.exports : window.program.memory);
    }
  });
  await at.locator('heap-inspector').first().getByLabel('Theme').selectOption('dark');
  assert.deepEqual(await at.locator('heap-inspector').evaluateAll((all) => all.map((one) => one.getAttribute('theme'))), ['dark', 'auto']);
  assert.equal(await at.evaluate(() => document.documentElement.dataset['theme']), undefined);
  assert.match(await shown(at, 1), /pages/);
  await at.context().close();
});

test('a panel is moved, collapsed and closed by keyboard, stays in the window and fits a small one', async () => {
  const { page: at, complaints } = await plain(browser, site);
  await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    inspector.mode = 'panel';
    document.body.append(inspector);
    await inspector.attach(window.program.memory);
  });
  await shown(at);
  const panel = at.locator('heap-inspector');
  const box = async (): Promise<{ x: number; y: number; width: number; height: number }> => await panel.boundingBox() ?? assert.fail('no box');
  const first = await box();
  assert.deepEqual([first.x + first.width, first.y + first.height], [1360 - 16, 900 - 16]);
  await at.getByRole('button', { name: 'Move the panel with the arrow keys' }).focus();
  for (const key of ['ArrowLeft', 'ArrowUp', 'Shift+ArrowLeft']) await at.keyboard.press(key);
  assert.deepEqual([(await box()).x, (await box()).y], [first.x - 80, first.y - 16]);
  for (let presses = 0; presses < 40; presses += 1) await at.keyboard.press('Shift+ArrowUp');
  assert.equal((await box()).y, 0);
  await at.setViewportSize({ width: 360, height: 640 });
  await at.waitForTimeout(100);
  assert.ok((await box()).x <= 360 - 48, 'the window became smaller');
  await at.keyboard.press('Home');
  const small = await box();
  assert.deepEqual([small.x, small.width], [16, 360 - 32]);
  const wide = await at.evaluate(() => document.querySelector('heap-inspector')?.shadowRoot?.querySelector('.body')?.scrollWidth ?? 0);
  assert.ok(wide <= 360 - 32, `what is in it is ${wide} pixels wide`);
  await at.getByRole('button', { name: 'Collapse' }).focus();
  await at.keyboard.press('Enter');
  assert.equal(await at.getByRole('button', { name: 'Expand' }).getAttribute('aria-expanded'), 'false');
  assert.ok((await box()).height < 60);
  assert.match(await panel.locator('.head span').innerText(), /MiB, [\d.]+ % live/);
  await at.keyboard.press('Enter');
  await shown(at);
  await at.setViewportSize({ width: 1360, height: 900 });
  await at.mouse.move((await box()).x + 60, (await box()).y + 12);
  await at.mouse.down();
  await at.mouse.move(200, 100, { steps: 3 });
  await at.mouse.up();
  assert.deepEqual([(await box()).x, (await box()).y], [200 - 60, 100 - 12]);
  await at.getByRole('button', { name: 'Close' }).press('Enter');
  assert.equal(await panel.count(), 0);
  assert.deepEqual(complaints, []);
  await at.context().close();
});

test('a core dump: it is opened, does not change, and is looked through for leaks', async () => {
  const { page: at, complaints } = await plain(browser, site);
  await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    const engine = await import(String('/flagstone/flagstone.js'));
    await engine.default();
    const { parts } = engine.attach({ memory: window.program.memory }).dump({ program: 'somebody’s' });
    await inspector.attach(new Blob(parts.map((part: Uint8Array<ArrayBuffer> | { at: number; length: number }) => part instanceof Uint8Array ? part : new Uint8Array(window.program.memory.buffer.slice(part.at, part.at + part.length)))));
  });
  const bytes = await at.evaluate(() => window.program.memory.buffer.byteLength);
  assert.match(await shown(at), new RegExp(`${(bytes / 65_536).toLocaleString('en-US')} pages`));
  await at.getByRole('tab', { name: 'Leaks' }).click();
  await at.getByRole('button', { name: 'Look for leaks' }).click();
  await at.locator('flagstone-leaks-view').getByText(/Nothing leads to \d+ of/).first().waitFor();
  assert.equal(await at.getByRole('button', { name: 'Resume' }).count(), 1);
  assert.deepEqual(complaints, []);
  await at.context().close();
});

test('a saved memory, as it is and compressed, and what is none', async () => {
  const { page: at } = await plain(browser, site);
  const said = await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    const saved = new Uint8Array(window.program.memory.buffer).slice();
    const packed = await new Response(new Blob([saved]).stream().pipeThrough(new CompressionStream('gzip'))).blob();
    const figures: string[] = [];
    for (const source of [saved, saved.buffer, packed]) {
      await inspector.attach(source);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      figures.push(inspector.shadowRoot?.querySelector('flagstone-inspector-app')?.shadowRoot?.querySelector('flagstone-overview-view')?.shadowRoot?.querySelector('.figures')?.textContent ?? '');
    }
    const refusals: string[] = [];
    for (const source of [new Uint8Array(65_536), new Blob(['hello']), packed.slice(0, 900), new WebAssembly.Memory({ initial: 1 })]) {
      await inspector.attach(source).catch((error: unknown) => refusals.push(String(error)));
    }
    return { figures, refusals, attached: inspector.attached };
  });
  assert.equal(new Set(said.figures).size, 1);
  assert.match(said.figures[0] ?? '', /live/i);
  assert.equal(said.attached, false);
  assert.deepEqual(said.refusals.map((sentence) => /no flagstone root found|cannot be unpacked/.exec(sentence)?.[0]), ['no flagstone root found', 'no flagstone root found', 'cannot be unpacked', 'no flagstone root found']);
  await at.getByText('Nothing to inspect').waitFor();
  await at.context().close();
});

test('fifty that came and went leave no timer, no listener and nothing in memory', async (context) => {
  const collecting = await launch(['--js-flags=--expose-gc']);
  context.after(() => collecting.close());
  const { page: at } = await blank(collecting);
  await at.goto(`${site.url}plain.html`);
  await at.waitForFunction(() => window.program !== undefined);
  const left = await at.evaluate(async () => {
    const timers = new Set<unknown>();
    const listeners = new Map<EventTarget, number>();
    const { setInterval: begin, clearInterval: end, setTimeout: later, clearTimeout: never } = window;
    window.setInterval = new Proxy(begin, { apply: (made, _, words) => { const id: unknown = Reflect.apply(made, window, words); timers.add(id); return id; } });
    window.clearInterval = new Proxy(end, { apply: (made, _, words) => { timers.delete(words[0]); return Reflect.apply(made, window, words); } });
    // A timer that has run is over.
    window.setTimeout = new Proxy(later, { apply: (made, _, [run, ...words]) => {
      const id: unknown = Reflect.apply(made, window, [() => { timers.delete(id); if (typeof run === 'function') run(); }, ...words]);
      timers.add(id);
      return id;
    } });
    window.clearTimeout = new Proxy(never, { apply: (made, _, words) => { timers.delete(words[0]); return Reflect.apply(made, window, words); } });
    const count = (by: number) => ({ apply: (made: (...words: unknown[]) => unknown, of: EventTarget | undefined, words: unknown[]) => {
      const target = of ?? window;
      if (target === document || !(target instanceof Node)) listeners.set(target, (listeners.get(target) ?? 0) + by);
      return Reflect.apply(made, target, words);
    } });
    EventTarget.prototype.addEventListener = new Proxy(EventTarget.prototype.addEventListener, count(1));
    EventTarget.prototype.removeEventListener = new Proxy(EventTarget.prototype.removeEventListener, count(-1));
    const weak: WeakRef<object>[] = [];
    const turn = (milliseconds: number): Promise<void> => new Promise((done) => later(done, milliseconds));
    let most = 0;
    for (let round = 0; round < 50; round += 1) {
      let inspector: HTMLElement & { attach: HeapInspector['attach'] } | undefined = document.createElement('heap-inspector');
      if (round % 2 === 0) inspector.setAttribute('mode', 'panel');
      document.body.append(inspector);
      await inspector.attach(window.program.exports);
      // Long enough for the chart to come and be drawn, some of the times.
      for (let waits = 0; round === 0 && waits < 100 && customElements.get('flagstone-time-chart') === undefined; waits += 1) await turn(100);
      await turn(round < 10 ? 200 : 5);
      most = Math.max(most, timers.size);
      weak.push(new WeakRef(inspector));
      inspector.remove();
      inspector = undefined;
      await turn(0);
      // What the script of the chart listens to for all charts together is there after the first.
      if (round === 0) listeners.clear();
    }
    for (let tries = 0; tries < 10; tries += 1) {
      const collect: unknown = Reflect.get(window, 'gc');
      if (typeof collect === 'function') collect();
      await turn(50);
    }
    return { most, timers: timers.size, listeners: [...listeners.values()].filter((number) => number !== 0), alive: weak.filter((one) => one.deref() !== undefined).length };
  });
  assert.ok(left.most >= 1 && left.most <= 5, `${left.most} timers run while one is shown`);
  assert.equal(left.timers, 0);
  assert.deepEqual(left.listeners, []);
  assert.ok(left.alive <= 1, `${left.alive} of 50 are still in memory`);
});

test('what moves to another place in the document stays attached', async () => {
  const { page: at } = await plain(browser, site);
  const attached = await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    await inspector.attach(window.program.memory);
    const place = document.createElement('section');
    document.body.append(place);
    place.append(inspector);
    await new Promise((done) => setTimeout(done, 20));
    return inspector.attached;
  });
  assert.equal(attached, true);
  await at.context().close();
});

test('the sheet of the element has all colours of the page’s', () => {
  const names = [...readFileSync('style.css', 'utf8').matchAll(/^ {2}(--[\w-]+):/gm)].map(([, name = '']) => name);
  assert.ok(names.length > 20);
  const script = readFileSync('../pkg/element/element.js', 'utf8');
  for (const name of names) assert.ok(script.includes(`${name}:`), name);
});
