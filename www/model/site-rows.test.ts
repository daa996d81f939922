/** Claim: call sites are named, sorted, filtered and estimated as their table says, and each column is explained. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLUMN, FRAMES, INDEX, SITES, STRING, TAGGED, UNNAMED } from '../test/fake-audit.ts';
import { siteNames, SiteNames } from './site-names.ts';
import { errorWords, figureOf, isExact, operations, relativeError, SITE_COLUMNS, siteOrderBy, siteOrderTurned, sitesInOrder, sitesWith } from './site-rows.ts';

const sites = siteNames(SITES, FRAMES);
const ids = (some: readonly { row: { id: number } }[]): number[] => some.map(({ row }) => row.id);
const column = (key: string) => SITE_COLUMNS.find((known) => known.key === key) ?? assert.fail(key);

test('a site is called by its first own function, else by its offset, else by its tag', () => {
  assert.deepEqual(sites.map(({ name }) => name), [
    'demo::csv::Column::push', 'demo::json::Parser::string', 'demo::json::Parser::value', 'demo::markdown::Paragraph::new', 'demo::index::Index::add', 'demo::preview::render', '+0x8f8', 'worker',
  ]);
  assert.equal(sites[0]?.place, 'src/csv.rs:88:13');
  assert.equal(sites[0]?.tags, 'import › csv');
  assert.equal(siteNames([{ ...TAGGED, tags: [] }], FRAMES)[0]?.name, 'no stack');
});

test('each column sorts both ways and is explained', () => {
  for (const { key, says } of SITE_COLUMNS) {
    assert.match(says, /^[A-Z].*\.$/, key);
    const up = sitesInOrder(sites, { key, descending: false });
    const value = (site: (typeof sites)[number]): number | string => key === 'name' || key === 'tags' ? site[key] : site.row[key];
    for (const [index, site] of up.entries()) {
      const before = up[index - 1];
      if (before === undefined) continue;
      const [a, b] = [value(before), value(site)];
      assert.ok(typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, 'en', { numeric: true }) <= 0 : a <= b, key);
    }
  }
  assert.deepEqual(ids(sitesInOrder(sites, siteOrderBy('liveBytes'))).slice(0, 3), [COLUMN.id, STRING.id, INDEX.id]);
  assert.deepEqual(siteOrderBy('name'), { key: 'name', descending: false });
  assert.deepEqual(siteOrderTurned(siteOrderBy('bytes'), 'bytes'), { key: 'bytes', descending: false });
  assert.deepEqual(siteOrderTurned(siteOrderBy('bytes'), 'count'), { key: 'count', descending: true });
});

test('the filter looks for all words in functions, files and tags, or for a number', () => {
  assert.deepEqual(ids(sitesWith(sites, ' JSON ')), [2, 3]);
  assert.deepEqual(ids(sitesWith(sites, 'import push')), [1]);
  assert.deepEqual(ids(sitesWith(sites, 'markdown.rs:30')), [4]);
  assert.deepEqual(ids(sitesWith(sites, '0x7a0')), [7], 'an outer frame, too');
  assert.deepEqual(ids(sitesWith(sites, '#5')), [5]);
  assert.deepEqual(ids(sitesWith(sites, '')), ids(sites));
  assert.deepEqual(ids(sitesWith(sites, 'marble')), []);
});

test('an estimate says how far off it may be; what was counted does not', () => {
  assert.deepEqual([1, 4, 100, 10_000].map(relativeError), [1, 0.5, 0.1, 0.01]);
  assert.equal(relativeError(0), 1);
  assert.equal(errorWords(5, 144, false), '± 8 %');
  assert.equal(errorWords(5, 20_000, false), '± 0.7 %');
  assert.equal(errorWords(0, 4, false), '', 'nothing is nothing');
  assert.deepEqual([COLUMN, INDEX].map(isExact), [false, true]);
  assert.equal(isExact({ samples: 3, count: 3.4 }), true, 'each sample stands for itself and a little more: it is larger than the interval');
  assert.deepEqual(figureOf(COLUMN, column('liveBytes')), { words: '≈ 6 MiB', error: '± 8 %', value: 6_291_456 });
  assert.deepEqual(figureOf(COLUMN, column('bytes')), { words: '≈ 20 MiB', error: '± 5 %', value: 20_971_520 });
  assert.deepEqual(figureOf(INDEX, column('liveBytes')), { words: '1 MiB', error: '', value: 1_048_576 });
  assert.deepEqual(figureOf(UNNAMED, column('liveCount')), { words: '≈ 16', error: '± 100 %', value: 16 });
  assert.deepEqual(figureOf({ ...COLUMN, liveSamples: 0 }, column('oldest')), { words: '–', error: '', value: 0 });
});

test('ages in operations keep three digits', () => {
  assert.deepEqual([0, 9_999, 10_000, 812_345, 999_600, 1_312_345].map(operations), ['0 ops', '9,999 ops', '10 k ops', '812 k ops', '1 M ops', '1.31 M ops']);
});

test('names are kept from report to report, and change with what is known and with the stack', () => {
  const names = new SiteNames();
  const [first] = names.of([COLUMN], FRAMES);
  assert.equal(names.of([{ ...COLUMN, liveBytes: 7 }], FRAMES)[0]?.lines, first?.lines);
  assert.equal(names.of([{ ...COLUMN, liveBytes: 7 }], FRAMES)[0]?.row.liveBytes, 7);
  assert.equal(names.of([{ ...COLUMN, frames: [0x2a0] }], FRAMES)[0]?.name, 'demo::csv::read');
  assert.equal(names.of([COLUMN], new Map())[0]?.name, '+0x108');
});
