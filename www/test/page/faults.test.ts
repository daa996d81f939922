/**
 * Claim: a fault is said wherever one looks, its view explains it with marked bytes and the stacks, leads on to address, site and log, and modes are asked for
 * through the memory. The heap is made up, so that each kind of fault is there.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { kindWords } from '../../model/fault-words.ts';
import { FAULTS, QUIET, REPORT } from '../fake-audit.ts';
import { faked, told } from './faked.ts';
import { launch, show, texts } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const title = (page: Page): Promise<string> => page.locator('fault-details h2').innerText();
const configured = (page: Page): Promise<string[] | undefined> => page.evaluate(() => window.fakeHeap?.configured);

test('a new fault is said on every page until it was looked at', async () => {
  const { page, complaints } = await faked(browser);
  assert.match(await page.locator('inspector-app [role="alert"]').innerText(), /^9 faults were found, the last one: Three bytes behind the end/);
  assert.equal(await page.locator('#tab-faults .badge').innerText(), '9');
  await show(page, 'caches');
  assert.equal(await page.locator('inspector-app [role="alert"]').count(), 1);
  await page.getByRole('button', { name: 'Show faults' }).click();
  await page.locator('fault-details h2').waitFor();
  await show(page, 'caches');
  assert.equal(await page.locator('inspector-app [role="alert"]').count(), 0);
  await told(page, { ...REPORT, faultsEver: 10 });
  await page.waitForTimeout(2100);
  await told(page, { ...REPORT, faultsEver: 10 });
  assert.match(await page.locator('inspector-app [role="alert"]').innerText(), /^A fault was found: /);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the newest comes first; keys and clicks choose one, and its words are its own', async () => {
  const { page } = await faked(browser);
  await show(page, 'faults');
  await page.locator('fault-details h2').waitFor();
  const ids = await page.locator('.list button').evaluateAll((buttons) => buttons.map((button) => Number(button.getAttribute('data-fault'))));
  assert.deepEqual(ids, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
  assert.match(await title(page), /^Written past the end/);
  await page.locator('.list button').first().focus();
  for (const { id } of FAULTS.slice(1)) {
    await page.keyboard.press('ArrowDown');
    const { title: words, causes } = kindWords(FAULTS.find((fault) => fault.id === id) ?? assert.fail());
    assert.ok((await title(page)).startsWith(words), words);
    assert.deepEqual(await texts(page, 'fault-details .explain li'), [...causes]);
  }
  await page.keyboard.press('Home');
  assert.equal(await page.locator('.list button:focus').getAttribute('data-fault'), '9');
  await page.context().close();
});

test('the damaged bytes stand in brackets behind the object, guards between points', async () => {
  const { page } = await faked(browser);
  await show(page, 'faults');
  await page.locator('hex-dump tbody tr').first().waitFor();
  const row = page.locator('hex-dump tbody tr', { has: page.locator('th.from', { hasText: /^\+0x18$/ }) });
  assert.deepEqual(await row.locator('td.byte').allTextContents(), ['[79]', '[7a]', '[00]', '·bb·', '·bb·', '·bb·', '·bb·', '·bb·']);
  assert.match(await page.locator('hex-dump p').first().innerText(), /^3 bytes are damaged, right behind the end of the object\./);
  assert.equal(await page.locator('hex-dump td.object').count(), 24);
  await page.locator('.list button[data-fault="3"]').click();
  assert.match(await page.locator('hex-dump p').innerText(), /No memory around it was kept/);
  await page.context().close();
});

test('stacks name their functions, fold the plumbing, and lead to the site', async () => {
  const { page } = await faked(browser);
  await show(page, 'faults');
  await page.locator('.list button[data-fault="8"]').click();
  assert.deepEqual(await texts(page, 'fault-details .stacks h3'), ['Found by', 'Given back by', 'Asked for by']);
  const freed = page.locator('fault-details .stacks section').nth(1);
  assert.match(await freed.locator('li.own').first().innerText(), /demo::index::Index::add\s*inlined\s*src\/index\.rs:52:17/);
  assert.match(await freed.locator('summary').innerText(), /1 call in allocator and collections/);
  await freed.locator('button.site').click();
  assert.match(await page.locator('site-details h2').innerText(), /^demo::index::Index::add/);
  await page.context().close();
});

test('an address leads to the map, and its past to the log', async () => {
  const { page } = await faked(browser);
  await show(page, 'faults');
  await page.locator('fault-details dd button', { hasText: '0x001a2000' }).click();
  assert.match(await page.locator('address-panel h3').innerText(), /^0x001a2000/);
  await show(page, 'faults');
  await page.getByRole('button', { name: 'What happened to this address' }).click();
  await page.locator('log-view history-list li').first().waitFor();
  assert.deepEqual(await texts(page, 'log-view history-list .what'), ['released', 'free', 'contents', 'alloc', 'slab made']);
  await page.context().close();
});

test('who held the memory when there was none is named, and leads to the site', async () => {
  const { page } = await faked(browser);
  await show(page, 'faults');
  assert.match(await page.locator('exhaustion-report .words').innerText(), /There was no memory for a request of 4.MiB/);
  assert.deepEqual(await texts(page, 'exhaustion-report tbody th'), ['demo::csv::Column::push', 'demo::json::Parser::string', 'demo::index::Index::add', 'demo::json::Parser::value', 'paragraphs', '32 B', '4 KiB']);
  await page.locator('exhaustion-report tbody button').first().click();
  assert.match(await page.locator('site-details h2').innerText(), /^demo::csv::Column::push/);
  await page.context().close();
});

test('modes are chosen in lists, become a text, and what becomes of it is said', async () => {
  const { page, complaints } = await faked(browser);
  await show(page, 'faults');
  const text = page.getByLabel('Text for the module');
  await page.getByLabel('Front end').selectOption('all');
  await page.getByLabel('Sampling', { exact: true }).selectOption('4k');
  await page.getByLabel('On a fault', { exact: true }).selectOption('trap');
  await page.getByLabel('paragraphs').selectOption('lite');
  assert.equal(await text.inputValue(), 'audit=all;cache:paragraphs=lite;sample=4k;policy=trap');
  await page.getByLabel('Sampling', { exact: true }).selectOption('512k');
  assert.equal(await text.inputValue(), 'audit=all;cache:paragraphs=lite;policy=trap', 'what is in force is no change');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  assert.deepEqual(await configured(page), ['audit=all;cache:paragraphs=lite;policy=trap']);
  assert.match(await page.locator('modes-panel [data-command="waiting"]').innerText(), /^Waiting: .*audit=all/);
  assert.equal(await page.getByRole('button', { name: 'Set', exact: true }).isDisabled(), true);
  for (const command of ['done', 'refused'] as const) {
    await told(page, { ...REPORT, command });
    await page.locator(`modes-panel [data-command="${command}"]`).waitFor();
  }
  await text.fill('marble');
  await text.press('Enter');
  assert.match(await page.locator('modes-panel [role="alert"]').innerText(), /“marble” says nothing that a module could do/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('where nothing is on, one button turns it on; where nothing is built in, the page says how', async () => {
  const { page } = await faked(browser);
  await told(page, QUIET);
  await show(page, 'faults');
  await page.getByRole('button', { name: 'Turn on lite' }).click();
  await show(page, 'sites');
  await page.getByRole('button', { name: 'Sample every 512 KiB' }).click();
  assert.deepEqual(await configured(page), ['audit=lite', 'sample=512k']);
  assert.match(await page.locator('sites-view .none [role="status"]').innerText(), /^Waiting/);
  await told(page, null);
  for (const tab of ['faults', 'sites', 'log'] as const) {
    await show(page, tab);
    await page.getByText('Built without diagnosis').waitFor();
  }
  await page.context().close();
});

test('records that cannot be read are said beside them only', async () => {
  const { page } = await faked(browser);
  await page.evaluate(() => {
    if (window.fakeHeap !== undefined) window.fakeHeap.audit = () => { throw new Error('the table of sites at 0x00012340 is damaged'); };
  });
  await show(page, 'sites');
  assert.match(await page.locator('sites-view [role="alert"]').innerText(), /The records of diagnosis cannot be read: the table of sites at 0x00012340 is damaged/);
  await show(page, 'caches');
  await page.locator('cache-table tbody tr').first().waitFor();
  assert.equal(await page.locator('inspector-app main > [role="alert"]').count(), 0);
  await page.context().close();
});

test('without the script of a view the page says so', async () => {
  const { page } = await faked(browser);
  await page.route('**/faults-view.js', (route) => route.abort());
  await show(page, 'faults');
  await page.getByText('This view could not be loaded (faults-view.js)').waitFor();
  await page.context().close();
});
