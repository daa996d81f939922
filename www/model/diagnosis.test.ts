/** Claim: ages, faults, exhaustion, modes and logs are said as they are, and what a person types becomes the filter or the text that was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTRIES, EXHAUSTION, FAULTS, OBJECT, REPORT } from '../test/fake-audit.ts';
import { ago, reportOf, since, siteOf, WHOLE_LOG } from './diagnosis.ts';
import { doingWords, exhaustionWords, facts, kindWords, outcomeWords } from './fault-words.ts';
import { askedBy, FRONT_END, parsedLog } from './log-query.ts';
import { contentsWords, EVENTS, eventSays, isWhole, listWords } from './log-words.ts';
import { commandWords, draftText, injectionWords, modeChoices, modeWords, MODES, NO_CHANGE, quarantineWords, samplingWords } from './modes.ts';

const of = (id: number) => FAULTS.find((fault) => fault.id === id) ?? assert.fail(`no fault ${id}`);

test('ages are times where there is a clock, else operations; low words wrap', () => {
  assert.equal(ago({ operations: 100, time: 5000 }, { operation: 90, time: 2500 }), '2.5 s');
  assert.equal(ago({ operations: 1100, time: 0 }, { operation: 90, time: 0 }), '1,010 ops');
  assert.equal(since(5, 2 ** 32 - 5), 10);
  assert.equal(since(2 ** 33 + 7, 3), 4, 'operations are counted in 64 bits, kept in 32');
  assert.equal(since(10, 12), 0, 'newer than the report');
});

test('a report is there, is none, or could not be read', () => {
  assert.equal(reportOf({ report: REPORT }), REPORT);
  assert.deepEqual([undefined, { report: null }, { sentence: 'x' }].map(reportOf), [undefined, undefined, undefined]);
  assert.equal(siteOf(REPORT, 2)?.id, 2);
  assert.deepEqual([siteOf(REPORT, 0), siteOf(REPORT, 99), siteOf(undefined, 1)], [undefined, undefined, undefined]);
});

test('every kind of fault has words of its own, with causes', () => {
  const titles = FAULTS.map((fault) => kindWords(fault));
  assert.equal(new Set(titles.map(({ title }) => title)).size, FAULTS.length, 'an overrun and an underrun differ, too');
  for (const { title, means, causes } of titles) {
    assert.match(means, /^[A-Z].*\.$/, title);
    assert.ok(causes.length >= 1 && causes.every((cause) => /^[A-Z.].*\.$/.test(cause)), title);
  }
  assert.deepEqual(kindWords({ kind: 'new kind', offset: null }), { title: 'new kind', means: '', causes: [] });
  assert.deepEqual(['alloc', 'free', 'realloc', 'check', 'else'].map(doingWords), ['asking for memory', 'giving an object back', 'changing the size of an object', 'checking the heap', 'else']);
});

test('facts are those that there are', () => {
  const labels = (id: number): string[] => facts(of(id)).map(({ label }) => label);
  assert.deepEqual(labels(9), ['Address', 'Object', 'Size', 'Cache', 'Lies in', 'Damage begins at', 'Expected, found', 'While', 'Then']);
  assert.deepEqual(labels(3), ['Address', 'The program said', 'Lies in', 'While', 'Then'], 'nothing is known of an object');
  assert.ok(labels(6).includes('The program said'));
  assert.ok(labels(4).includes('Given back to'));
  assert.ok(labels(8).includes('Looked like'));
  const fact = (id: number, label: string) => facts(of(id)).find((known) => known.label === label);
  assert.deepEqual([fact(9, 'Object')?.value, fact(9, 'Object')?.at], ['0x001a2040 – 0x001a2058', OBJECT]);
  assert.deepEqual(['trap', 'continue', 'else'].map(outcomeWords), ['the program was stopped', 'the program went on without the object', 'else']);
  assert.equal(fact(3, 'Lies in')?.value, 'no memory of the heap');
  assert.equal(fact(2, 'Damage begins at')?.value, '−0x1 (1 byte)');
  assert.equal(fact(9, 'Expected, found')?.value, 'bb bb bb bb, 79 7a 00 bb');
  assert.equal(fact(6, 'The program said')?.value, '32 B, a multiple of 16');
});

test('an exhaustion says who asked, and why free memory did not help', () => {
  assert.equal(exhaustionWords(EXHAUSTION),
    'There was no memory for a request of 4 MiB at a multiple of 16. The memory had 64 MiB and could not grow; 5 MiB of that was free, but in no run long enough. It is the last of 3 such requests.');
  assert.equal(exhaustionWords({ ...EXHAUSTION, count: 1, cache: 'tokens', freeBytes: 1024, reserveUsed: true }),
    'There was no memory for a request of the cache tokens of 4 MiB at a multiple of 16. The memory had 64 MiB and could not grow; 1 KiB of that was free. The reserve was opened and served it.');
});

test('modes are explained, and changes become the text that the module understands', () => {
  for (const { word, does, finds } of MODES) for (const words of [does, finds]) assert.match(words, /^\w.*\.$/, word);
  assert.deepEqual(modeWords('redzone+poison').map(({ word }) => word), ['redzone', 'poison']);
  assert.deepEqual(modeWords('marble'), []);
  assert.deepEqual(modeChoices('lite'), ['off', 'lite', 'redzone', 'redzone+poison', 'all']);
  assert.equal(modeChoices('audit+sites').at(-1), 'audit+sites', 'what is in force is among them');
  assert.equal(draftText(NO_CHANGE), '');
  assert.equal(draftText({ mode: 'lite', sampling: '512k', policy: 'continue', caches: new Map([['doc_nodes', 'all'], ['pairs', 'off']]) }), 'audit=lite;cache:doc_nodes=all;cache:pairs=off;sample=512k;policy=continue');
  assert.deepEqual([0, 4096, 524_288].map(samplingWords), ['off', 'every 4 KiB', 'every 512 KiB']);
  assert.equal(quarantineWords(REPORT), '12 objects, 3 KiB of 64 KiB, at most 10,000 operations each');
  assert.equal(quarantineWords({ ...REPORT, quarantinedObjects: 1, quarantineAge: 0 }), '1 object, 3 KiB of 64 KiB');
  assert.equal(injectionWords(null), 'off');
  assert.equal(injectionWords({ oneIn: 100, nth: 0, times: 3, looked: 1234, failed: 12 }), 'one in 100, 3 more times; 12 of 1,234 requests failed so far');
  assert.equal(injectionWords({ oneIn: 0, nth: 5, times: 0, looked: 1, failed: 0 }), 'number 5; 0 of 1 request failed so far');
  assert.deepEqual((['none', 'waiting', 'done', 'refused'] as const).map((command) => commandWords(command).split(':')[0]), ['', 'Waiting', 'Done', 'Refused']);
});

test('what is typed becomes a filter, or a sentence about what is wrong', () => {
  assert.deepEqual(parsedLog(WHOLE_LOG), { filter: { limit: 500 } });
  assert.deepEqual(parsedLog({ logs: ['slabs'], event: 'free', address: '0x1a2040', site: '#12', cache: 'tokens', from: '1,000', to: '2000', limit: 2000 }),
    { filter: { limit: 2000, logs: ['slabs'], events: ['free'], cache: 'tokens', address: OBJECT, site: 12, from: 1000, to: 2000 } });
  assert.deepEqual(parsedLog({ ...WHOLE_LOG, logs: ['slabs', 'failures', 'contents', 'transactions'] }), { filter: { limit: 500 } }, 'all of them is no filter');
  assert.deepEqual(parsedLog({ ...WHOLE_LOG, cache: FRONT_END }), { filter: { limit: 500, cache: '' } }, 'what no cache has');
  const mistake = (change: Partial<typeof WHOLE_LOG>): string => {
    const found = parsedLog({ ...WHOLE_LOG, ...change });
    return 'mistake' in found ? `${found.field}: ${found.mistake}` : '';
  };
  assert.match(mistake({ address: 'marble' }), /^address: “marble” is no address/);
  assert.match(mistake({ site: 'csv' }), /^site: “csv” is no number of a site/);
  assert.match(mistake({ from: '-1' }), /^from: .*number of an operation/);
  assert.match(mistake({ from: '20', to: '20' }), /^to: No operation/);
  assert.equal(isWhole(WHOLE_LOG), true);
  assert.equal(isWhole({ ...WHOLE_LOG, limit: 2000 }), true);
  assert.equal(isWhole({ ...WHOLE_LOG, site: '1' }), false);
});

test('lists say what is shown and what is gone', () => {
  const entries = [...ENTRIES];
  assert.equal(listWords({ entries, matching: entries.length, lost: 1148 }), '70 entries. 1,148 older entries were overwritten.');
  assert.equal(listWords({ entries: entries.slice(0, 5), matching: 70, lost: 1 }), 'The newest 5 of 70 entries. 1 older entry was overwritten.');
  assert.equal(listWords({ entries: [], matching: 0, lost: 0 }), '0 entries. Nothing was overwritten yet.');
  for (const event of EVENTS) assert.match(eventSays(event), /^[A-Z].*\.$/);
  assert.deepEqual(contentsWords(Uint8Array.of(0x47, 0x0a, 0xff), 2), { hex: '47 0a', text: 'G.', more: 1 });
});

test('who asked for an object is in the newest entry that hands it out', () => {
  assert.equal(askedBy(ENTRIES.filter(({ address }) => address === OBJECT)), 2);
  assert.equal(askedBy(ENTRIES.filter(({ event }) => event === 'free')), 0);
});
