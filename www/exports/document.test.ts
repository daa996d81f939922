/** Claim: a document of our own holds everything, comes back as it was, and is refused with a sentence where it is another or damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../demo/generate.ts';
import { MISCHIEF, PLAIN, WHOLE } from '../test/fake-records.ts';
import { collapsed } from './collapsed.ts';
import { csv } from './csv.ts';
import { dhat } from './dhat.ts';
import { documentOf, recordsOf } from './document.ts';
import { profileOf } from './profile.ts';
import { speedscope } from './speedscope.ts';
import { tablesOf } from './tables.ts';

test('what comes back is what went out', () => {
  for (const records of [WHOLE, PLAIN, MISCHIEF]) {
    const back = recordsOf(documentOf(records));
    assert.deepEqual(back.now, records.now);
    assert.deepEqual(back.peak, records.peak);
    assert.deepEqual([back.moments, back.growths, back.log, back.leaks, back.program, back.at], [records.moments, records.growths, records.log, records.leaks, records.program, records.at]);
    assert.deepEqual(JSON.parse(documentOf(back)), JSON.parse(documentOf(records)), 'names of frames, too');
  }
});

test('every other format can be made of it', () => {
  const back = recordsOf(documentOf(WHOLE));
  for (const make of [collapsed, speedscope, dhat]) assert.equal(make(profileOf(back)), make(profileOf(WHOLE)));
  assert.deepEqual(tablesOf(back).map(csv), tablesOf(WHOLE).map(csv));
});

test('what is no document is refused with a sentence', () => {
  const spoilt = (from: string, to: string): string => documentOf(WHOLE).replace(from, to);
  for (const [json, sentence] of [
    ['', /^This is no JSON: it begins with ""\.$/], ['[1', /^This is no JSON/], ['7', /^document should be a record, and is 7\.$/], ['{}', /^document\.format should be flagstone-inspector, and is nothing\.$/],
    ['{"format":"heap"}', /and is "heap"\.$/], [spoilt('"version":1', '"version":2'), /^This document is of version 2; version 1 can be read here\.$/],
    [spoilt('"liveBytes":12000000', '"liveBytes":"<b>"'), /^document\.now\.sample\.summary\.liveBytes should be a number, and is "<b>"\.$/],
    [spoilt('"liveBytes":12000000', '"liveBytes":1e999'), /liveBytes should be a number, and is Infinity\.$/],
    [spoilt('"policy":"continue"', '"policy":"panic"'), /^document\.now\.audit\.policy should be one of trap, continue, and is "panic"\.$/],
    [spoilt('"around":"', '"around":"x'), /around should be bytes as digits of base 16/], [spoilt('"caches":[', '"caches":[null,'), /caches\[0\] should be a record, and is null\.$/],
  ] as const) assert.throws(() => recordsOf(json), { message: sentence });
});

test('no damage makes anything but a sentence or a document', () => {
  const whole = documentOf(PLAIN);
  const next = random(5);
  for (let round = 0; round < 400; round += 1) {
    const at = Math.floor(next() * whole.length);
    const json = whole.slice(0, at) + ['"', '1e999', '{', ']', 'null', '__proto__', ''][Math.floor(next() * 7)] + whole.slice(at + Math.floor(next() * 20));
    try {
      profileOf(recordsOf(json));
    } catch (error) {
      assert.ok(error instanceof Error && /^(This is no JSON|This document is of|document)/.test(error.message), String(error));
    }
  }
});
