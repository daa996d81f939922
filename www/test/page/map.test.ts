/** Claim: the heap map shows all memory at first and objects at last, and says what lies under pointer, keys and typed addresses. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { generated, launch, open, sampled, show, texts } from './open.ts';

let browser: Browser;
let page: Page;
before(async () => {
  browser = await launch();
  ({ page } = await open(browser));
  await generated(page, 'json', 1);
  await show(page, 'map');
  await page.locator('heap-map canvas').waitFor();
  await page.waitForTimeout(500);
});
after(() => browser.close());

/** What the side panel says; its element alone has no text, that is in its shadow. */
async function panel(): Promise<string> {
  return (await texts(page, 'address-panel :is(h3, p, dl, h4)')).join('\n');
}

async function colours(): Promise<number> {
  return page.locator('heap-map canvas').evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) return 0;
    const image = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(image?.data.buffer ?? new ArrayBuffer(0))).size;
  });
}

/** The address of a live object in a slab, as the map's own records have it. */
async function liveObject(): Promise<number> {
  const found = await page.evaluate(() => {
    const app = document.querySelector<InspectorApp>('inspector-app');
    const map = app?.state?.map.value;
    if (map === undefined) return undefined;
    for (let cell = 0; cell < map.cells; cell += 1) {
      if (map.owner[cell] !== 3 || map.live[cell] === 0) continue;
      const slab = app?.recorder?.look(cell * map.granule)?.slab;
      const index = slab?.states.indexOf(1) ?? -1;
      if (slab !== undefined && index >= 0) return slab.start + index * slab.objectSize;
    }
    return undefined;
  });
  return found ?? assert.fail('no live object');
}

test('the whole memory is on the screen at first, in several colours', async () => {
  const [scroll, client] = await page.locator('heap-map .window').evaluate((view) => [view.scrollHeight, view.clientHeight]);
  assert.equal(scroll, client);
  assert.ok((await colours()) > 4);
});

test('the pointer shows what it is over, a click keeps it', async () => {
  const view = page.locator('heap-map .window');
  await view.hover({ position: { x: 1, y: 1 } });
  assert.match(await panel(), /^0x00000000/);
  await view.click({ position: { x: 1, y: 1 } });
  await page.mouse.move(0, 0);
  assert.match(await panel(), /^0x00000000\s+chosen/);
});

test('arrows move, End reaches the last cell, Enter chooses, Escape lets go', async () => {
  const view = page.locator('heap-map .window');
  await view.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const { memoryBytes } = await sampled(page);
  const cellBytes = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.map.value?.granule) ?? assert.fail('no map');
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
  assert.match(await panel(), new RegExp(`^${hex(cellBytes)}`));
  await page.keyboard.press('End');
  assert.match(await panel(), new RegExp(`^${hex(memoryBytes - cellBytes)}`));
  await page.keyboard.press('Enter');
  assert.match(await panel(), /chosen/);
  await page.keyboard.press('Escape');
  assert.match(await panel(), /Point at a cell/);
});

test('a typed address is found, chosen and described down to its slab', async () => {
  const address = await liveObject();
  await page.getByLabel('Address to find').fill(`0x${address.toString(16)}`);
  await page.keyboard.press('Enter');
  await page.locator('address-panel .slab i.here').waitFor();
  const text = await panel();
  assert.match(text, /object, live/);
  assert.match(text, /Its slab: [\d,]+ objects? of/);
  await page.getByLabel('Address to find').fill('0xfffffff0');
  await page.keyboard.press('Enter');
  await page.getByText('is outside: memory ends at').waitFor();
  await page.getByLabel('Address to find').fill('stone');
  await page.keyboard.press('Enter');
  await page.getByText('is no address').waitFor();
});

test('the last zoom shows objects, and arrows go from object to object', async () => {
  const address = await liveObject();
  await page.getByLabel('Address to find').fill(String(address));
  await page.keyboard.press('Enter');
  const closer = page.getByRole('button', { name: 'Zoom in' });
  for (let steps = 0; steps < 30 && (await closer.isEnabled()); steps += 1) await closer.click();
  await page.getByText('in a magazine').first().waitFor();
  await page.locator('heap-map .window').focus();
  const range = async (): Promise<number[]> => [.../Range\s+0x(\w+) – 0x(\w+)/.exec(await panel()) ?? assert.fail('no range')].slice(1).map((hex) => Number.parseInt(hex, 16));
  const [, end] = await range();
  await page.keyboard.press('ArrowRight');
  const [next] = await range();
  assert.equal(next, end, 'the next object starts where this one ends');
  await page.keyboard.press('ArrowLeft');
  assert.equal((await range())[0], address);
  await page.getByRole('button', { name: 'Whole memory' }).click();
});

test('one owner can stand out alone', async () => {
  const before = await colours();
  const legend = page.getByRole('button', { name: 'Stack' });
  await legend.click();
  await page.waitForTimeout(200);
  assert.equal(await legend.getAttribute('aria-pressed'), 'true');
  assert.notEqual(await colours(), before);
  await legend.click();
});

test('the map is coloured by other things than owners, and says what the colours mean', async () => {
  const drawn = async (colouring: string): Promise<number> => {
    await page.getByLabel('Colour by').selectOption(colouring);
    await page.waitForTimeout(400);
    return colours();
  };
  const keys = (): Promise<string[]> => texts(page, 'colour-key li');
  await page.getByRole('button', { name: 'Whole memory' }).click({ force: true }).catch(() => {});
  assert.ok(await drawn('occupancy') > 2);
  assert.deepEqual(await keys(), ['from nothing held to all held']);
  assert.ok(await drawn('age') > 2);
  assert.match((await keys()).join(), /operations ago/);
  assert.ok(await drawn('site') > 2);
  assert.match((await keys()).join(), /other sites/);
  await drawn('pins');
  assert.equal((await keys()).length, 2);
  const layer = await page.evaluate(() => {
    const state = document.querySelector<InspectorApp>('inspector-app')?.state;
    return [state?.layer.value?.kind, state?.layer.value?.values.length === state?.map.value?.cells];
  });
  assert.deepEqual(layer, ['pins', true]);
  assert.ok(await drawn('owner') > 4);
  assert.deepEqual(await keys(), []);
});
