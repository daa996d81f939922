/**
 * Colours of the heap map: one per owner, stronger the more of a cell is live; as packed pixels for a canvas.
 * Pure; relies on nothing. The colours themselves come from the stylesheet.
 */
import type { Term } from './glossary.ts';

export type Colour = readonly [red: number, green: number, blue: number];

export interface Owner {
  label: string;
  term: Term;
  /** The custom property with the colour of a cell that is live as a whole. */
  colour: string;
  /** The one of a cell in which nothing is live; where the two are the same, occupancy says nothing. */
  empty: string;
}

/** In the order of the codes in `HeapMap.owner`. */
export const OWNERS: readonly Owner[] = [
  { label: 'Foreign', term: 'foreign', colour: '--part-foreign', empty: '--part-foreign' },
  { label: 'Static data', term: 'staticData', colour: '--part-static', empty: '--part-static' },
  { label: 'Stack', term: 'stack', colour: '--part-stack', empty: '--part-stack' },
  { label: 'Slab', term: 'slab', colour: '--part-live', empty: '--part-slab-free' },
  { label: 'Large', term: 'large', colour: '--part-large', empty: '--part-slab-free' },
  { label: 'Free in the arena', term: 'arenaFree', colour: '--part-arena-free', empty: '--part-arena-free' },
  { label: 'Metadata', term: 'metadata', colour: '--part-metadata', empty: '--part-metadata' },
  { label: 'Parked', term: 'parked', colour: '--part-magazines', empty: '--part-magazines' },
];

/** The codes as a legend lists them: what the program holds, what the heap keeps ready, what it costs, and the rest of memory. */
export const LEGEND = [3, 4, 7, 5, 6, 1, 2, 0] as const;

/** Steps of intensity between an empty and a full cell. */
const STEPS = 16;

export function mix(from: Colour, to: Colour, amount: number): Colour {
  const at = (index: 0 | 1 | 2): number => Math.round(from[index] + (to[index] - from[index]) * amount);
  return [at(0), at(1), at(2)];
}

/** Red, green, blue and full opacity as a canvas keeps them on little-endian machines, which all with WebAssembly are. */
export function pack([red, green, blue]: Colour): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Reads what a browser computes for a colour: `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`. */
export function parseColour(text: string): Colour {
  const [red = 0, green = 0, blue = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** All pixels that a map can have: owner x intensity, and the same faded, for what a filter leaves out. */
export class Palette {
  readonly background: number;
  readonly #plain: Uint32Array;
  readonly #faded: Uint32Array;

  constructor(colours: readonly { full: Colour; empty: Colour }[], background: Colour) {
    this.background = pack(background);
    this.#plain = new Uint32Array(colours.length * STEPS);
    this.#faded = new Uint32Array(colours.length * STEPS);
    colours.forEach(({ full, empty }, owner) => {
      for (let level = 0; level < STEPS; level += 1) {
        // A cell with one live byte already differs from an empty one: the first step is a jump.
        const amount = level === 0 ? 0 : 0.25 + (0.75 * level) / (STEPS - 1);
        const colour = mix(empty, full, amount);
        this.#plain[owner * STEPS + level] = pack(colour);
        this.#faded[owner * STEPS + level] = pack(mix(background, colour, 0.14));
      }
    });
  }

  /** The pixel of a cell; `live` is 0..255. */
  pixel(owner: number, live: number, faded: boolean): number {
    const level = live === 0 ? 0 : Math.max(1, Math.round((live / 255) * (STEPS - 1)));
    return (faded ? this.#faded : this.#plain)[owner * STEPS + level] ?? this.background;
  }
}
