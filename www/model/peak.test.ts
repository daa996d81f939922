/** Claim: of readings the one with the most live bytes is kept, the first of equals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, WHOLE } from '../test/fake-records.ts';
import { higher } from './peak.ts';

test('the higher one stays', () => {
  assert.equal(higher(undefined, PLAIN.now), PLAIN.now);
  assert.equal(higher(PLAIN.now, WHOLE.now), WHOLE.now);
  assert.equal(higher(WHOLE.now, PLAIN.now), WHOLE.now);
  const equal = { ...WHOLE.now, audit: null };
  assert.equal(higher(WHOLE.now, equal), WHOLE.now);
});
