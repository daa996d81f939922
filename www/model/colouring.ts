/**
 * What cells of the heap map are coloured by, besides their owner: how full they are, what pins pages, the age of what lies there, and who
 * asked for it, and what
 * changed since a snapshot. Pure; relies on the palette and the formats. The colours themselves come from the stylesheet.
 */
import { count } from './format.ts';
import { mix, pack, type Colour } from './palette.ts';
import type { ChangeMap, HeapMap, Layer, MapLayer } from './records.ts';

export const COLOURINGS = ['owner', 'occupancy', 'pins', 'age', 'site', 'change'] as const;
export type Colouring = (typeof COLOURINGS)[number];

export const COLOURING_NAMES: Record<Colouring, string> = { owner: 'owner', occupancy: 'occupancy', pins: 'pinned pages', age: 'age', site: 'call site', change: 'since a snapshot' };

/** Sites that have a colour of their own, and the value of all others. */
export const SITES = 9;

/** The layer that the engine has for a colouring; owners and occupancy are in the map itself, and changes are of a snapshot. */
export function layerOf(colouring: Colouring): MapLayer['kind'] | undefined {
  return colouring === 'owner' || colouring === 'occupancy' || colouring === 'change' ? undefined : colouring;
}

/** Values of the cells, 0..255; undefined where the map's owners are the colours, or where the layer is not there yet. */
export function valuesOf(colouring: Colouring, map: HeapMap, layer: Layer | undefined): Uint8Array | undefined {
  if (colouring === 'owner') return undefined;
  if (colouring === 'occupancy') return map.live;
  return layer?.kind === colouring && layer.granule === map.granule ? layer.values : undefined;
}

/** Values of a third each: 1 to 85 survives, to 170 was freed, to 255 is new, the more of it the higher. What is new shows before what was freed. */
export function changeLayer({ granule, new: fresh, freed, surviving }: ChangeMap): Layer {
  const values = fresh.map((share, cell) => {
    const gone = freed[cell] ?? 0;
    const [part, of] = share > 0 && share >= gone ? [share, 170] : gone > 0 ? [gone, 85] : [surviving[cell] ?? 0, 0];
    return part === 0 ? 0 : of + Math.ceil(part / 3);
  });
  return { kind: 'change', granule, values, sites: [], oldest: 0 };
}

/** The custom properties of what survives, was freed and is new. */
const CHANGES = ['--part-static', '--part-magazines', '--part-metadata'] as const;

/** A custom property of `style.css` for each site that has a colour of its own. */
export const SITE_COLOURS: readonly string[] = Array.from({ length: SITES }, (_, index) => `--site-${index + 1}`);

/** The pixel of each value. */
export function ramp(colouring: Colouring, read: (property: string) => Colour): Uint32Array {
  const nothing = read('--part-arena-free');
  const pixels = new Uint32Array(256).fill(pack(nothing));
  const to = read(colouring === 'pins' ? '--bad' : colouring === 'age' ? '--part-metadata' : '--part-live');
  for (let value = 1; value < 256; value += 1) {
    if (colouring === 'site') pixels[value] = pack(read(SITE_COLOURS[value - 1] ?? '--part-foreign'));
    else if (colouring === 'change') pixels[value] = pack(mix(nothing, read(CHANGES[Math.floor((value - 1) / 85)] ?? CHANGES[2]), 0.25 + (0.75 * ((value - 1) % 85)) / 84));
    else if (colouring === 'pins') pixels[value] = pack(value === 255 ? to : mix(nothing, to, 0.3));
    else pixels[value] = pack(mix(nothing, to, 0.2 + (0.8 * value) / 255));
  }
  return pixels;
}

export interface Key {
  /** The custom property of its colour, or the class of its ramp. */
  swatch: string;
  label: string;
}

/** What the colours mean; `name` says what a call site is called. */
export function keys(colouring: Colouring, layer: Layer | undefined, name: (site: number) => string): Key[] {
  if (colouring === 'occupancy') return [{ swatch: 'ramp-live', label: 'from nothing held to all held' }];
  if (colouring === 'pins') return [{ swatch: 'pin', label: 'objects that keep their page from being free' }, { swatch: 'pinned', label: 'the rest of such pages' }];
  if (colouring === 'change' && layer?.kind !== 'change') return [{ swatch: 'none', label: 'no snapshot yet: the key S takes one, and so does the view of snapshots' }];
  if (layer === undefined || layer.kind !== colouring) return [];
  if (colouring === 'change') return [{ swatch: 'ramp-new', label: 'new' }, { swatch: 'ramp-freed', label: 'freed' }, { swatch: 'ramp-surviving', label: 'surviving' }];
  if (!layer.values.some((value) => value !== 0)) return [{ swatch: 'none', label: 'nothing is on record: diagnosis or sampling has to be on' }];
  if (colouring === 'age') return [{ swatch: 'ramp-age', label: `from just now to ${count(layer.oldest)} operations ago, by the logarithm` }, { swatch: 'none', label: 'not on record' }];
  const named = layer.sites.map((site, index) => ({ swatch: `site-${index + 1}`, label: name(site) }));
  return [...named, { swatch: 'others', label: 'other sites' }, { swatch: 'none', label: 'not on record' }];
}
