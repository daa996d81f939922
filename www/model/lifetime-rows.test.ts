/** Claim: lifetimes are sorted by any column with what has none at the end, sites have their names, and what the figures are based on is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAMES, SITES } from '../test/fake-audit.ts';
import { apartWords, basedOn, LIFE_COLUMNS, lifeOrderBy, lifeOrderTurned, livesInOrder, lifeWords, namedLives } from './lifetime-rows.ts';
import type { SiteLives } from './lifetimes.ts';
import { siteNames } from './site-names.ts';

const lives = (site: number, more: Partial<SiteLives>): SiteLives =>
  ({ site, made: 0, bytes: 0, back: 0, held: 0, heldBytes: 0, temporary: 0, temporaryBytes: 0, median: 0, most: 0, longest: 0, ...more });
const ROWS = namedLives([
  lives(2, { made: 40, bytes: 4000, back: 30, held: 10, temporary: 30, temporaryBytes: 3000, median: 0 }),
  lives(1, { made: 5, bytes: 2000, back: 5, temporary: 5, temporaryBytes: 2000, median: 50 }),
  lives(99, { made: 3, bytes: 64, held: 3 }),
  lives(0, { made: 9, bytes: 900, back: 9, median: 12_345 }),
], siteNames(SITES, FRAMES));

test('sites have their names, and what is on no record says so', () => {
  assert.deepEqual(ROWS.map(({ name, place, known }) => [name, place, known]), [
    ['demo::json::Parser::string', 'src/json.rs:120:22', true], ['demo::csv::Column::push', 'src/csv.rs:88:13', true], ['site 99', '', false], ['no call site on record', '', false],
  ]);
});

test('each column sorts; a click begins with the largest and then turns; a median of nothing is last both ways', () => {
  const orders = LIFE_COLUMNS.map(({ key }) => [key, livesInOrder(ROWS, lifeOrderBy(key)).map((row) => row.lives.site)]);
  assert.deepEqual(orders, [['name', [1, 2, 0, 99]], ['back', [2, 0, 1, 99]], ['held', [2, 99, 1, 0]], ['median', [0, 1, 2, 99]], ['temporaryBytes', [2, 1, 99, 0]], ['share', [1, 2, 99, 0]]]);
  assert.deepEqual(livesInOrder(ROWS, lifeOrderTurned(lifeOrderBy('median'), 'median')).map((row) => row.lives.site), [2, 1, 0, 99]);
  assert.deepEqual([lifeOrderTurned(lifeOrderBy('back'), 'held'), lifeOrderTurned(lifeOrderBy('name'), 'name')], [{ key: 'held', descending: true }, { key: 'name', descending: true }]);
});

test('cells say figures with their units, and a dash for what is none', () => {
  const cells = ROWS.map((row) => (['back', 'held', 'median', 'temporaryBytes', 'share'] as const).map((key) => lifeWords(row.lives, key)));
  assert.deepEqual(cells, [['30', '10', '0 ops', '2.93 KiB', '75 %'], ['5', '0', '50 ops', '1.95 KiB', '100 %'], ['0', '3', '–', '0 B', '0 %'], ['9', '0', '12.3 k ops', '0 B', '0 %']]);
});

test('what the figures are based on, and which objects have no part in them', () => {
  assert.equal(basedOn({ calls: 12_345, span: 40_000, unread: 0, lost: 0 }), 'Based on 12,345 calls in the log, the last 40,000 operations.');
  assert.equal(basedOn({ calls: 2, span: 3, unread: 1, lost: 76 }), 'Based on 2 calls in the log, the last 3 operations; 77 older ones are not.');
  assert.equal(basedOn({ calls: 1, span: 1, unread: 0, lost: 1 }), 'Based on 1 call in the log, the last 1 operation; 1 older one is not.');
  assert.equal(apartWords({ unmade: 0, unended: 0 }), '');
  assert.equal(apartWords({ unmade: 12, unended: 1 }), 'No lifetime is known of 12 objects whose request is not in the log, and of 1 object whose free is not. Lives are those of objects that came and went within the log: what lives longer has no part in them.');
  assert.match(apartWords({ unmade: 0, unended: 3 }), /^No lifetime is known of 3 objects whose free is not\. /);
});
