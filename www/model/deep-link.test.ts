/** Claim: what is looked at survives its way through a fragment, and a fragment that makes no sense chooses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fragment, selection } from './deep-link.ts';

const VIEWS = ['overview', 'map', 'objects'];
const NOTHING = { address: undefined, cache: undefined, object: undefined, site: undefined };

test('a fragment says what is looked at, and no more', () => {
  assert.equal(fragment({ view: 'overview' }, 'overview'), '');
  assert.equal(fragment({ view: 'map', address: 0x1a000 }, 'overview'), 'view=map&address=0x0001a000');
  assert.equal(fragment({ view: 'objects', object: 3, site: 2, cache: '' }, 'overview'), 'view=objects&object=3&site=2');
});

test('it is read back as it was, whatever a cache is called', () => {
  const chosen = { view: 'map', address: 0xffff_fff8, cache: 'a&b=#"<img>', object: 12, site: 7 };
  assert.deepEqual(selection(`#${fragment(chosen, 'overview')}`, VIEWS), chosen);
});

test('what makes no sense is left out', () => {
  for (const text of ['', '#', '#view=nothing', '#address=0x1ffffffff&site=-1', '#object=1e9&site=x&address=hello', '#object=0&site=00', '#%E0%A4%A']) {
    assert.deepEqual(selection(text, VIEWS), { view: 'overview', ...NOTHING }, text);
  }
});
