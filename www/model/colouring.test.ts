/** Claim: each colouring has values for the cells, a pixel for each value and a key that says what the colours mean. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeHeap } from '../test/fake-engine.ts';
import { changeLayer, COLOURINGS, keys, layerOf, ramp, SITES, valuesOf } from './colouring.ts';
import type { Colour } from './palette.ts';
import type { MapLayer } from './records.ts';

const map = new FakeHeap().map(4096);
const layer = (kind: MapLayer['kind'], value: number): MapLayer => ({ kind, granule: 4096, values: new Uint8Array(map.cells).fill(value), sites: [7, 3], oldest: 12_345 });
/** A colour for each property. */
const read = (property: string): Colour => [property === '--part-arena-free' ? 250 : 10, property.charCodeAt(property.length - 1), property.length];

test('owners need no values, occupancy is in the map, the others are layers', () => {
  assert.deepEqual(COLOURINGS.map(layerOf), [undefined, undefined, 'pins', 'age', 'site', undefined]);
  assert.equal(valuesOf('owner', map, undefined), undefined);
  assert.equal(valuesOf('occupancy', map, undefined), map.live);
  const pins = layer('pins', 128);
  assert.equal(valuesOf('pins', map, pins), pins.values);
  assert.equal(valuesOf('age', map, pins), undefined, 'a layer of another kind');
  assert.equal(valuesOf('pins', map, { ...pins, granule: 8192 }), undefined, 'a layer of other cells');
});

test('what is nothing looks alike everywhere, and more of something looks like more', () => {
  for (const colouring of ['occupancy', 'age'] as const) {
    const pixels = ramp(colouring, read);
    assert.equal(new Set(pixels).size > 20, true);
    assert.equal(pixels[0], ramp('pins', read)[0]);
  }
  const pins = ramp('pins', read);
  assert.equal(new Set([pins[0], pins[128], pins[255]]).size, 3);
  const sites = ramp('site', read);
  assert.equal(new Set(sites.slice(1, SITES + 1)).size, SITES);
  assert.equal(sites[10], sites[200], 'all others alike');
});

test('what is new shows before what was freed, and that before what survives', () => {
  const found = changeLayer({ granule: 4096, cells: 6, new: Uint8Array.of(0, 255, 1, 9, 0, 0), freed: Uint8Array.of(0, 255, 0, 10, 3, 0), surviving: Uint8Array.of(0, 0, 254, 200, 250, 255) });
  assert.deepEqual([...found.values], [0, 255, 171, 89, 86, 85]);
  const pixels = ramp('change', read);
  assert.equal(new Set([0, 1, 85, 86, 170, 171, 255].map((value) => pixels[value])).size, 7);
  assert.deepEqual(keys('change', found, String).map(({ label }) => label), ['new', 'freed', 'surviving']);
  assert.match(keys('change', undefined, String)[0]?.label ?? '', /no snapshot yet/);
});

test('a key names the sites, and says where nothing is on record', () => {
  const words = keys('site', layer('site', 1), (site) => `site ${site}`).map(({ label }) => label);
  assert.deepEqual(words, ['site 7', 'site 3', 'other sites', 'not on record']);
  assert.match(keys('age', layer('age', 3), String)[0]?.label ?? '', /12,345 operations ago/);
  assert.match(keys('age', layer('age', 0), String)[0]?.label ?? '', /diagnosis or sampling has to be on/);
  assert.deepEqual(keys('site', undefined, String), []);
  assert.equal(keys('pins', undefined, String).length, 2);
});
