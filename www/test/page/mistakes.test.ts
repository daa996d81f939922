/**
 * Claim: each mistake of the demo ends it with a real trap, and then the page shows what was found, who did it and what happened before, without
 * calling into the program; and what only grows is found from the page alone.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { MISTAKES } from '../../demo/mistakes.ts';
import type { AuditReport } from '../../model/records.ts';
import type { InspectorApp } from '../../views/inspector-app.ts';
import { generated, launch, open, sampled, show } from './open.ts';

let browser: Browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** The kind of fault that each mistake is, and whose first damaged byte is where. */
const FOUND: Record<string, { kind: string; offset?: number; size?: number }> = {
  overrun: { kind: 'redzone', offset: 13, size: 13 },
  underrun: { kind: 'redzone', offset: -1, size: 13 },
  'write-after-free': { kind: 'modified', offset: 4, size: 13 },
  'double-free': { kind: 'double free', size: 13 },
  'wrong-size': { kind: 'wrong size', size: 13 },
  interior: { kind: 'interior', size: 64 },
  foreign: { kind: 'bad address' },
  'wrong-cache': { kind: 'wrong cache' },
  'damaged-record': { kind: 'bad tag' },
};

/** What the page read of diagnosis for its view of faults. */
async function report(page: Page): Promise<AuditReport> {
  await show(page, 'faults');
  await page.locator('modes-panel h2').waitFor();
  const found = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.diagnosis.audit.value);
  assert.ok(found !== undefined && 'report' in found && found.report !== null, JSON.stringify(found));
  return found.report;
}

/** Makes a mistake by its button, and waits for the trap to be said. */
async function provoke(page: Page, name: string): Promise<void> {
  await page.getByText('Mistakes', { exact: true }).click();
  await page.locator(`demo-panel button[data-mistake="${name}"]`).click();
  await page.getByText(/The program trapped/).waitFor();
}

for (const { name, label } of MISTAKES) {
  test(`${label}: the program traps, and the page shows what there is to see`, async () => {
    const { page } = await open(browser);
    await generated(page, 'csv', 1);
    const before = await sampled(page);
    await provoke(page, name);
    const after = await sampled(page);
    assert.ok(after.liveObjects >= before.liveObjects, `${before.liveObjects} -> ${after.liveObjects}`);
    const audit = await report(page);
    const expected = FOUND[name];
    const [fault] = audit.faults;
    if (expected === undefined) {
      assert.equal(audit.faults.length, 0);
    } else {
      assert.equal(audit.faults.length, 1);
      assert.ok(fault !== undefined);
      assert.equal(fault.kind, expected.kind);
      if (expected.offset !== undefined) assert.equal(fault.offset, expected.offset);
      if (expected.size !== undefined) assert.equal(fault.size, expected.size);
      const site = audit.sites.find(({ id }) => id === fault.site);
      assert.ok((site?.frames.length ?? 0) > 3, 'the stack that found it');
    }
    if (name === 'out-of-memory') assert.ok((audit.exhaustion?.count ?? 0) > 0, 'who held the memory');
    if (expected !== undefined) await page.locator('fault-details h2').waitFor();
    await show(page, 'check');
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText(name === 'damaged-record' ? /problem/ : /^No problem found in/).first().waitFor();
    assert.ok(await page.getByRole('button', { name: 'Open files …' }).isDisabled());
    await page.context().close();
  });
}

test('previews that nobody frees are found as leaks, and what a search keeps as what only grows', async () => {
  const { page, complaints } = await open(browser);
  await generated(page, 'csv', 1);
  await page.getByText('Mistakes', { exact: true }).click();
  for (let turn = 0; turn < 3; turn += 1) {
    await page.getByRole('button', { name: 'Show 100 previews' }).click();
    await page.getByRole('button', { name: 'Search for 200 words' }).click();
  }
  await show(page, 'leaks');
  await page.getByRole('button', { name: 'Look for leaks' }).click();
  await page.locator('leaks-view .sentence').waitFor();
  const leaks = await page.evaluate(() => document.querySelector<InspectorApp>('inspector-app')?.state?.leaks.value);
  assert.ok(leaks?.kind === 'found');
  assert.ok(leaks.report.lostObjects >= 300, leaks.report.sentence);
  assert.deepEqual(complaints, []);
  await page.context().close();
});
