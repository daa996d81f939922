/** Claim: computed colours are read, and the pixels of the map run from empty to full, faded ones near the background. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEGEND, OWNERS, Palette, mix, pack, parseColour } from './palette.ts';

test('what browsers compute for colours is read', () => {
  assert.deepEqual(parseColour('rgb(1, 20, 255)'), [1, 20, 255]);
  assert.deepEqual(parseColour('rgba(1, 20, 255, 0.5)'), [1, 20, 255]);
});

test('pixels are opaque and in the order of a canvas', () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(pack([1, 2, 3])).buffer)], [1, 2, 3, 255]);
  assert.deepEqual(mix([0, 0, 0], [100, 200, 50], 0.5), [50, 100, 25]);
});

test('a pixel tells owner and live share', () => {
  const palette = new Palette([{ full: [200, 0, 0], empty: [0, 0, 0] }, { full: [0, 200, 0], empty: [0, 200, 0] }], [255, 255, 255]);
  assert.equal(palette.pixel(0, 0, false), pack([0, 0, 0]));
  assert.equal(palette.pixel(0, 255, false), pack([200, 0, 0]));
  assert.notEqual(palette.pixel(0, 1, false), palette.pixel(0, 0, false), 'one live byte is seen');
  assert.equal(palette.pixel(1, 0, false), palette.pixel(1, 255, false));
  assert.equal(palette.pixel(9, 0, false), palette.background, 'an unknown owner is not drawn');
  assert.equal(palette.pixel(0, 255, true), pack([247, 219, 219]));
});

test('the legend lists each owner once', () => {
  assert.deepEqual([...LEGEND].sort(), [...OWNERS.keys()]);
});
