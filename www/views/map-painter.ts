/**
 * Draws the heap map: cells as pixels in one pass, then, where cells are large enough, the objects of the slabs in view.
 * Relies on the layout of `model/heat.ts`; keeps nothing but the canvas it was given.
 */
import { boxOf, stripes, visibleRows, type Grid, type Stripe } from '../model/heat.ts';
import { ramp, type Colouring } from '../model/colouring.ts';
import { OWNERS, Palette, type Colour } from '../model/palette.ts';
import type { HeapMap, Slab, Whatis } from '../model/records.ts';
import { colourReader, cssColour } from './colours.ts';

/** What a drawing shows, and where: a window of `width` x `height` CSS pixels that starts `top` pixels below the start of the grid. */
export interface Scene {
  grid: Grid;
  map: HeapMap;
  /** Changes whenever the heap may have: what is known of slabs is old then. */
  version: number;
  top: number;
  width: number;
  height: number;
  /** Cells with a frame. */
  chosen: number | undefined;
  cursor: number | undefined;
  /** What cells are coloured by, and the values for that; without them by owner. */
  colouring: Colouring;
  values: Uint8Array | undefined;
  /** Code of the owner that stands out alone. */
  owner: number | undefined;
  /** Size class that stands out alone. */
  spotlight: number | undefined;
}

interface Seen {
  found: Whatis;
  version: number;
}

/** Code of slabs in `HeapMap.owner`. */
const SLAB = 3;
/** Milliseconds of a frame for looking at slabs: in a large heap one look may take longer than this, and then it is the only one. */
const LOOKING = 8;
/** Cells whose slabs are remembered; more than any screen shows. */
const REMEMBERED = 4096;

export class MapPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #read: (property: string) => Colour;
  /** By cell. Drawn although it is old until there is time for a new look. */
  readonly #seen = new Map<number, Seen>();
  #palette: Palette;
  /** Pixels by value, of each colouring that was used. */
  #ramps = new Map<Colouring, Uint32Array>();

  constructor(canvas: HTMLCanvasElement, root: Node) {
    this.#canvas = canvas;
    this.#read = colourReader(root);
    this.#palette = this.#colours();
  }

  /** Reads the colours again: the scheme changed. */
  recolour(): void {
    this.#palette = this.#colours();
    this.#ramps.clear();
  }

  /** Draws; false when there was no time for all slabs in sight, so that another frame is needed. */
  paint(scene: Scene, look: (address: number) => Whatis | undefined): boolean {
    const { grid, top, width, height } = scene;
    const ratio = Math.max(1, Math.round(devicePixelRatio));
    const canvas = this.#canvas;
    if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
      canvas.width = width * ratio;
      canvas.height = height * ratio;
    }
    const context = canvas.getContext('2d');
    if (context === null || width === 0 || height === 0) return true;
    this.#cells(context, scene, Math.round(top * ratio), ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, -Math.round(top * ratio));
    const complete = grid.lines === 0 || scene.values !== undefined || this.#objects(context, scene, visibleRows(grid, top, height), look);
    this.#outline(context, grid, scene.chosen, this.#css('--text'));
    this.#outline(context, grid, scene.cursor, this.#css('--focus'));
    context.setTransform(1, 0, 0, 1, 0, 0);
    return complete;
  }

  #cells(context: CanvasRenderingContext2D, { grid, map, colouring, values, owner: shown, spotlight }: Scene, top: number, ratio: number): void {
    const { width, height } = context.canvas;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(this.#palette.background);
    const ramp = values === undefined ? undefined : this.#ramp(colouring);
    const edge = grid.edge * ratio;
    const gap = grid.edge >= 6 ? ratio : ratio > 1 ? 1 : 0;
    const [first, end] = visibleRows(grid, top / ratio, height / ratio);
    for (let cell = first * grid.columns; cell < Math.min(end * grid.columns, map.cells); cell += 1) {
      const owner = map.owner[cell] ?? 0;
      const sizeClass = (map.cache[cell] ?? 0) - 1;
      const faded = (shown !== undefined && shown !== owner) || (spotlight !== undefined && spotlight !== sizeClass);
      const live = grid.lines > 0 && owner === SLAB ? 0 : map.live[cell] ?? 0;
      const pixel = ramp === undefined || faded ? this.#palette.pixel(owner, live, faded) : ramp[values?.[cell] ?? 0] ?? 0;
      const left = (cell % grid.columns) * edge;
      const up = Math.floor(cell / grid.columns) * edge - top;
      for (let y = Math.max(0, up); y < Math.min(height, up + edge - gap); y += 1) {
        pixels.fill(pixel, y * width + left, y * width + Math.min(width, left + edge - gap));
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** One look per slab: the next cell that is not of this slab starts the next look. */
  #objects(context: CanvasRenderingContext2D, scene: Scene, rows: readonly [number, number], look: (address: number) => Whatis | undefined): boolean {
    const { grid, map } = scene;
    const end = Math.min(rows[1] * grid.columns, map.cells);
    const until = performance.now() + LOOKING;
    let complete = true;
    for (let cell = rows[0] * grid.columns; cell < end; ) {
      let seen = map.owner[cell] === SLAB ? this.#seen.get(cell) : undefined;
      // A slab of another class has come since: nothing of the old one is to be shown.
      if (seen !== undefined && seen.found.cache !== (map.cache[cell] ?? 0) - 1) seen = undefined;
      if (map.owner[cell] === SLAB && seen?.version !== scene.version) {
        if (performance.now() < until) seen = this.#look(scene, cell, look);
        else complete = false;
      }
      const slab = seen?.found.slab;
      if (slab !== undefined) this.#slab(context, grid, slab, rows);
      cell = slab === undefined ? cell + 1 : Math.max(cell + 1, Math.ceil((slab.start + slab.length) / grid.granule));
    }
    return complete;
  }

  #look({ grid, version }: Scene, cell: number, look: (address: number) => Whatis | undefined): Seen | undefined {
    const found = look(cell * grid.granule);
    if (found === undefined) return undefined;
    if (this.#seen.size > REMEMBERED) this.#seen.clear();
    const seen = { found, version };
    const end = found.slab === undefined ? cell + 1 : Math.ceil((found.slab.start + found.slab.length) / grid.granule);
    for (let covered = cell; covered < end; covered += 1) this.#seen.set(covered, seen);
    return seen;
  }

  #slab(context: CanvasRenderingContext2D, grid: Grid, slab: Slab, rows: readonly [number, number]): void {
    const fills = [this.#css('--part-arena-free'), this.#css('--part-live'), this.#css('--part-magazines')];
    const between = this.#css('--surface');
    slab.states.forEach((state, index) => {
      const start = slab.start + index * slab.objectSize;
      const runs = stripes(grid, start, start + slab.objectSize, rows);
      context.fillStyle = fills[state] ?? this.#css('--bad');
      for (const run of runs) context.fillRect(run.x, run.y, run.width, run.height);
      context.fillStyle = between;
      this.#separate(context, runs);
    });
  }

  /**
   * A thin line where an object begins: at its left, above its first line, and above the part of its second line that lies under the
   * object before it. So an object of many lines is one shape.
   */
  #separate(context: CanvasRenderingContext2D, [first, second]: readonly Stripe[]): void {
    if (first === undefined) return;
    context.fillRect(first.x, first.y, first.width, 0.8);
    context.fillRect(first.x, first.y, Math.min(1, first.width / 4), first.height);
    if (second !== undefined && second.x < first.x) context.fillRect(second.x, second.y, Math.min(second.width, first.x - second.x), 0.8);
  }

  #outline(context: CanvasRenderingContext2D, grid: Grid, cell: number | undefined, stroke: string): void {
    if (cell === undefined || cell >= grid.cells) return;
    const { x, y } = boxOf(grid, cell);
    const room = Math.max(grid.edge, 7);
    const off = (room - grid.edge) / 2;
    context.lineWidth = 2.5;
    context.strokeStyle = this.#css('--surface');
    context.strokeRect(x - off - 1.5, y - off - 1.5, room + 2.5, room + 2.5);
    context.strokeStyle = stroke;
    context.strokeRect(x - off, y - off, room - 1, room - 1);
  }

  #ramp(colouring: Colouring): Uint32Array {
    const known = this.#ramps.get(colouring) ?? ramp(colouring, this.#read);
    this.#ramps.set(colouring, known);
    return known;
  }

  #css(property: string): string {
    return cssColour(this.#read(property));
  }

  #colours(): Palette {
    return new Palette(OWNERS.map(({ colour, empty }) => ({ full: this.#read(colour), empty: this.#read(empty) })), this.#read('--surface'));
  }
}
