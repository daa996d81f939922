/** Claim: `<heap-inspector>` reads a program in a worker, its memory copied or shared, and in another tab; and one line in a program opens it. Needs the built package and demo. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { plain, serveElement, shown } from './element-pages.ts';
import { blank, launch } from './open.ts';
import type { Site } from './site.ts';

let browser: Browser;
let site: Site;
let isolated: Site;
before(async () => {
  browser = await launch();
  site = await serveElement();
  isolated = await serveElement(true);
});
after(async () => {
  await browser.close();
  site.close();
  isolated.close();
});

for (const [kind, folder] of [['copied', 'worker.html'], ['shared', 'shared.html']] as const) {
  test(`a program in a worker, its memory ${kind}`, async () => {
    const { page: at, complaints } = await blank(browser);
    await at.goto(`${kind === 'shared' ? isolated.url : site.url}${folder}`);
    await at.waitForFunction(() => window.grow !== undefined);
    await at.evaluate(async () => {
      const inspector = document.createElement('heap-inspector');
      document.body.append(inspector);
      await inspector.attach(window.worker);
    });
    await shown(at);
    const bytes = await at.evaluate(() => window.grow(30_000));
    await at.waitForFunction((pages) => {
      const figures = document.querySelector('heap-inspector')?.shadowRoot?.querySelector('flagstone-inspector-app')?.shadowRoot?.querySelector('flagstone-overview-view')?.shadowRoot?.querySelector('.figures');
      return figures?.textContent?.includes(`${pages} pages`);
    }, (bytes / 65_536).toLocaleString('en-US'), { timeout: 8000 });
    if (kind === 'copied') {
      await at.getByRole('tab', { name: 'Leaks' }).click();
      await at.getByRole('button', { name: 'Look for leaks' }).click();
      await at.locator('flagstone-leaks-view').getByText(/Everything that is allocated is in reach/).waitFor();
      // A text for diagnosis goes over to the worker, whose program carries it out.
      await at.getByRole('tab', { name: 'Faults' }).click();
      const command = await at.evaluate(async () => {
        const { recorder, state } = document.querySelector('heap-inspector')?.shadowRoot?.querySelector<HTMLElement & { recorder: import('../../recorder.ts').Recorder; state: import('../../state.ts').State }>('flagstone-inspector-app') ?? {};
        recorder?.diagnosis.configure('audit=lite');
        for (let tries = 0; tries < 20; tries += 1) {
          await window.grow(2000);
          await new Promise((done) => setTimeout(done, 150));
          const audit = state?.diagnosis.audit.value;
          if (audit !== undefined && 'report' in audit && audit.report?.command === 'done') return audit.report.mode;
        }
        return state?.diagnosis.sent.value;
      });
      assert.equal(command, 'lite');
    }
    assert.deepEqual(complaints, []);
    await at.context().close();
  });
}

test('a port where nobody answers is told in a sentence, and a message of another kind is nobody’s', async () => {
  const { page: at } = await plain(browser, site);
  await at.clock.install();
  const said = await at.evaluate(async () => {
    const inspector = document.createElement('heap-inspector');
    document.body.append(inspector);
    const { port1, port2 } = new MessageChannel();
    const waiting = inspector.attach(port1).then(() => 'attached', (error: unknown) => String(error));
    // The engine is there, and the agent is asked for.
    await new Promise((done) => { port2.onmessage = done; });
    for (const message of [null, 7, { flagstone: 1 }, { flagstone: 1, to: 'x', agent: 'y', number: 1, bytes: new ArrayBuffer(8) }]) port2.postMessage(message);
    return { waiting: await Promise.race([waiting, new Promise((done) => queueMicrotask(() => done('waits')))]) };
  });
  assert.equal(said.waiting, 'waits');
  await at.clock.runFor(11_000);
  await at.getByText(/No agent answered within 10 s/).waitFor();
  await at.context().close();
});

test('one line in a program opens it by the page’s address, from the console, and from another tab', async () => {
  const { page: at, complaints } = await blank(browser);
  const loaded: string[] = [];
  at.on('request', (request) => loaded.push(new URL(request.url()).pathname));
  await at.goto(`${site.url}offer.html`);
  await at.waitForFunction(() => globalThis.flagstone !== undefined);
  assert.ok(!loaded.some((path) => path.endsWith('element.js') || path.endsWith('flagstone_bg.wasm')), 'nothing is loaded before it is asked for');
  assert.equal(await at.evaluate(async () => (await globalThis.flagstone?.open())?.length), 1);
  await at.evaluate(() => Promise.all([globalThis.flagstone?.open(), globalThis.flagstone?.open()]));
  assert.equal(await at.locator('heap-inspector').count(), 1, 'one panel for a heap');
  await shown(at);
  await at.goto(`${site.url}offer.html?heap-inspector`);
  await shown(at);
  assert.equal(await at.locator('heap-inspector').getAttribute('mode'), 'panel');

  await at.goto(`${site.url}offer.html?heap-inspector=share`);
  await at.waitForFunction(() => globalThis.flagstone !== undefined);
  const other = await at.context().newPage();
  await at.waitForTimeout(300);
  await other.goto(`${site.url}offer.html?heap-inspector=other`);
  await shown(other);
  const pages = await at.evaluate(() => {
    window.program.workbench.open('large.json', new TextEncoder().encode(JSON.stringify(Array.from({ length: 40_000 }, (_, index) => ({ index, name: `stone ${index}` })))));
    return window.program.memory.buffer.byteLength / 65_536;
  });
  await other.getByText(`${pages.toLocaleString('en-US')} pages`).first().waitFor();
  assert.deepEqual(complaints, []);
  await at.context().close();
});
