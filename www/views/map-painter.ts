/**
 * Draws the heap map: cells as pixels in one pass, then, where cells are large enough, the objects of the slabs in view.
 * Relies on the layout of `model/heat.ts`; keeps nothing but the canvas it was given.
 */
import { LINES, OBJECT_EDGE, boxOf, stripes, visibleRows, type Grid } from '../model/heat.ts';
import { OWNERS, Palette, type Colour } from '../model/palette.ts';
import type { HeapMap, Slab, Whatis } from '../model/records.ts';
import { colourReader, cssColour } from './colours.ts';

/** What a drawing shows besides the cells. */
export interface Marks {
  chosen: number | undefined;
  cursor: number | undefined;
  /** Code of the owner that stands out alone. */
  owner: number | undefined;
  /** Size class that stands out alone. */
  spotlight: number | undefined;
}

const SLAB = 3;

export class MapPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #read: (property: string) => Colour;
  #palette: Palette;

  constructor(canvas: HTMLCanvasElement, root: Node) {
    this.#canvas = canvas;
    this.#read = colourReader(root);
    this.#palette = this.#colours();
  }

  /** Reads the colours again: the scheme changed. */
  recolour(): void {
    this.#palette = this.#colours();
  }

  /** Draws the window of `width` x `height` CSS pixels that starts `top` pixels below the start of the grid. */
  paint(grid: Grid, map: HeapMap, top: number, width: number, height: number, marks: Marks, look: (address: number) => Whatis | undefined): void {
    const ratio = Math.max(1, Math.round(devicePixelRatio));
    const canvas = this.#canvas;
    if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
      canvas.width = width * ratio;
      canvas.height = height * ratio;
    }
    const context = canvas.getContext('2d');
    if (context === null || width === 0 || height === 0) return;
    this.#cells(context, grid, map, Math.round(top * ratio), ratio, marks);
    context.setTransform(ratio, 0, 0, ratio, 0, -Math.round(top * ratio));
    if (grid.edge >= OBJECT_EDGE) this.#objects(context, grid, map, visibleRows(grid, top, height), look);
    this.#outline(context, grid, marks.chosen, this.#css('--text'), 2.5);
    this.#outline(context, grid, marks.cursor, this.#css('--focus'), 2.5);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  #cells(context: CanvasRenderingContext2D, grid: Grid, map: HeapMap, top: number, ratio: number, marks: Marks): void {
    const { width, height } = context.canvas;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(this.#palette.background);
    const edge = grid.edge * ratio;
    const gap = grid.edge >= 6 ? ratio : ratio > 1 ? 1 : 0;
    const [first, end] = visibleRows(grid, top / ratio, height / ratio);
    for (let cell = first * grid.columns; cell < Math.min(end * grid.columns, map.cells); cell += 1) {
      const owner = map.owner[cell] ?? 0;
      const sizeClass = (map.cache[cell] ?? 0) - 1;
      const faded = (marks.owner !== undefined && marks.owner !== owner) || (marks.spotlight !== undefined && marks.spotlight !== sizeClass);
      const live = grid.edge >= OBJECT_EDGE && owner === SLAB ? 0 : map.live[cell] ?? 0;
      const pixel = this.#palette.pixel(owner, live, faded);
      const left = (cell % grid.columns) * edge;
      const up = Math.floor(cell / grid.columns) * edge - top;
      for (let y = Math.max(0, up); y < Math.min(height, up + edge - gap); y += 1) {
        pixels.fill(pixel, y * width + left, y * width + Math.min(width, left + edge - gap));
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** One look per slab: the next cell that is not of this slab starts the next look. */
  #objects(context: CanvasRenderingContext2D, grid: Grid, map: HeapMap, rows: readonly [number, number], look: (address: number) => Whatis | undefined): void {
    const end = Math.min(rows[1] * grid.columns, map.cells);
    for (let cell = rows[0] * grid.columns; cell < end; ) {
      const slab = map.owner[cell] === SLAB ? look(cell * grid.granule)?.slab : undefined;
      if (slab === undefined) {
        cell += 1;
        continue;
      }
      this.#slab(context, grid, slab, rows);
      cell = Math.max(cell + 1, Math.ceil((slab.start + slab.length) / grid.granule));
    }
  }

  #slab(context: CanvasRenderingContext2D, grid: Grid, slab: Slab, rows: readonly [number, number]): void {
    const fills = [this.#css('--part-arena-free'), this.#css('--part-live'), this.#css('--part-magazines')];
    // Objects narrower than a few pixels would melt into one another: a gap shows where one ends.
    const pixelsPerByte = (grid.edge - 6) / (grid.granule / LINES);
    const gap = slab.objectSize * pixelsPerByte > 3 ? 1 : 0.5;
    slab.states.forEach((state, index) => {
      const start = slab.start + index * slab.objectSize;
      const runs = stripes(grid, start, start + slab.objectSize, rows);
      context.fillStyle = fills[state] ?? this.#css('--bad');
      runs.forEach((run, at) => {
        const last = at === runs.length - 1 ? gap : 0;
        context.fillRect(run.x, run.y, Math.max(0.6, run.width - last), run.height);
      });
    });
  }

  #outline(context: CanvasRenderingContext2D, grid: Grid, cell: number | undefined, stroke: string, width: number): void {
    if (cell === undefined || cell >= grid.cells) return;
    const { x, y } = boxOf(grid, cell);
    const room = Math.max(grid.edge, 7);
    const off = (room - grid.edge) / 2;
    context.lineWidth = width;
    context.strokeStyle = this.#css('--surface');
    context.strokeRect(x - off - 1.5, y - off - 1.5, room + 2.5, room + 2.5);
    context.strokeStyle = stroke;
    context.strokeRect(x - off, y - off, room - 1, room - 1);
  }

  #css(property: string): string {
    return cssColour(this.#read(property));
  }

  #colours(): Palette {
    return new Palette(OWNERS.map(({ colour, empty }) => ({ full: this.#read(colour), empty: this.#read(empty) })), this.#read('--surface'));
  }
}
