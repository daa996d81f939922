/** Claim: what a dump says of itself becomes sentences whatever it says, and names of files are names of files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileName, originWords } from './dumps.ts';
import type { DumpOrigin } from './records.ts';

const ORIGIN: DumpOrigin = {
  format: 'flagstone', program: 'app', reason: 'trap', error: '', time: null, writer: null, contents: 'all', leftOutBytes: 0, memoryBytes: 65536, fileBytes: 2048,
  memory: 0, memories: 1, frames: [], sentence: 'A dump of app (trap), with all of its memory of 64 KiB.',
};

test('where a dump is from is said as far as it is known', () => {
  assert.equal(originWords(ORIGIN), 'A dump of app (trap), with all of its memory of 64 KiB. The file has 2 KiB.');
  const stopped = originWords({ ...ORIGIN, frames: [{ function: 20, offset: 481 }, { function: 3, offset: 1 }] });
  assert.ok(stopped.includes('It stopped in function 20, at its byte 481.'), stopped);
  const written = originWords({ ...ORIGIN, time: 1_700_000_000_000, writer: '0.1.0' });
  assert.match(written, /Written .*2023.* by flagstone 0\.1\.0\./);
  assert.match(originWords({ ...ORIGIN, time: Number.MAX_SAFE_INTEGER }), /Written at a time that is none\./);
});

test('the name of a file is one', () => {
  const now = new Date(Date.UTC(2026, 10, 21, 20, 30, 5));
  assert.equal(fileName('My app', 'all', now), 'My-app-all-2026-11-21T20-30-05.wasm');
  assert.equal(fileName('../../<img src=x>/…', 'records', now), 'img-src-x-records-2026-11-21T20-30-05.wasm');
  assert.equal(fileName('///', 'all', now), 'heap-all-2026-11-21T20-30-05.wasm');
  assert.equal(fileName('Steine äöü', 'all', now), 'Steine-äöü-all-2026-11-21T20-30-05.wasm');
});
