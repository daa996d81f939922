/** Claim: the history of object caches knows how each was at first, and before and after its objects last moved. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DENSE, SPARSE, TOKENS } from '../test/fake-objects.ts';
import { ObjectHistory } from './object-history.ts';

test('a cache is first seen once, and forgotten when it is gone', () => {
  const history = new ObjectHistory();
  assert.equal(history.last, undefined);
  history.push(1, [SPARSE]);
  history.push(2, [SPARSE, TOKENS]);
  history.push(3, [DENSE, TOKENS]);
  assert.deepEqual(history.first(SPARSE.number), { time: 1, row: SPARSE });
  assert.deepEqual(history.first(TOKENS.number), { time: 2, row: TOKENS });
  assert.deepEqual(history.last, { time: 3, rows: [DENSE, TOKENS] });
  history.push(4, [TOKENS]);
  assert.equal(history.first(SPARSE.number), undefined);
  assert.equal(history.consolidation(SPARSE.number), undefined);
});

test('moves between two samples are a consolidation, with what the program was doing', () => {
  const history = new ObjectHistory();
  history.push(1, [SPARSE, TOKENS]);
  history.push(2, [SPARSE, { ...TOKENS, live: 5 }]);
  assert.equal(history.consolidation(SPARSE.number), undefined);
  history.push(3, [DENSE, TOKENS], 'tidying up');
  history.push(4, [{ ...DENSE }, TOKENS], 'nothing');
  assert.deepEqual(history.consolidation(SPARSE.number), { before: { time: 2, row: SPARSE }, after: { time: 3, row: DENSE }, during: 'tidying up' });
  assert.equal(history.consolidation(TOKENS.number), undefined);
});

test('moves in samples that follow one another are one consolidation; after a rest another begins', () => {
  const history = new ObjectHistory();
  const at = (moveYes: number, live: number): typeof SPARSE => ({ ...SPARSE, moveYes, live });
  history.push(1, [at(0, 1)]);
  history.push(2, [at(1, 2)], 'one');
  history.push(3, [at(2, 3)]);
  const long = history.consolidation(SPARSE.number);
  assert.deepEqual([long?.before.time, long?.after.time, long?.during], [1, 3, 'one']);
  history.push(4, [at(2, 4)]);
  history.push(5, [at(3, 5)]);
  const next = history.consolidation(SPARSE.number);
  assert.deepEqual([next?.before.time, next?.before.row.live, next?.after.time, next?.during], [4, 4, 5, undefined]);
});

test('objects that are not needed and slabs that moves emptied count, too', () => {
  for (const change of [{ moveDontNeed: 1 }, { moveSlabsFreed: 1 }]) {
    const history = new ObjectHistory();
    history.push(1, [SPARSE]);
    history.push(2, [{ ...SPARSE, ...change }]);
    assert.equal(history.consolidation(SPARSE.number)?.after.time, 2);
  }
});
