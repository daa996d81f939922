/**
 * Where an address lies on the heap map: address <-> cell <-> pixel, and the steps of the zoom.
 *
 *     address = cell * granule        cell = row * columns + column        pixel = column * edge, row * edge - top
 *
 * Pure; relies on nothing. All pixels here are CSS pixels, all ranges half-open.
 */

/** One step of the zoom: each cell stands for `granule` bytes and is a square of `edge` pixels. */
export interface Zoom {
  granule: number;
  edge: number;
  /** Lines of bytes in a cell, to show the objects of slabs; 0 where cells are too small for that. */
  lines: number;
}

/** The cells of a memory laid out in rows. */
export interface Grid extends Zoom {
  bytes: number;
  cells: number;
  columns: number;
  rows: number;
}

export interface Box {
  x: number;
  y: number;
}

/** Edge of the cells of every step that shows less than a quantum per cell could: the whole memory fits first. */
export const SMALLEST_EDGE = 4;
/** Edges of the steps in which a cell is one quantum. */
const EDGES = [4, 6, 8, 12, 16, 24, 32, 48] as const;
/** Pixels around the lines of a cell. */
const MARGIN = 3;

/** The last step: an object of 8 bytes is about 4 pixels wide, so cells have to grow with the quantum. */
function objectZoom(quantum: number): Zoom {
  return quantum <= 1024 ? { granule: quantum, edge: 56, lines: 8 } : { granule: quantum, edge: 112, lines: 16 };
}

/**
 * The steps from the whole memory in `width` x `height` pixels down to single objects.
 * The first step is the smallest granule with which everything fits; then the granule halves until it is the quantum;
 * then the cells get larger.
 */
export function zooms(bytes: number, quantum: number, width: number, height: number): Zoom[] {
  const room = Math.max(1, Math.floor(width / SMALLEST_EDGE)) * Math.max(1, Math.floor(height / SMALLEST_EDGE));
  const steps: Zoom[] = [];
  let granule = quantum;
  while (Math.ceil(bytes / granule) > room) granule *= 2;
  const fits = (edge: number): boolean => layout(bytes, { granule, edge, lines: 0 }, width).rows * edge <= height;
  if (granule > quantum) {
    // The whole memory fills the window as far as whole pixels allow; half as many bytes to a cell would no longer fit.
    let edge = SMALLEST_EDGE;
    while (fits(edge + 1)) edge += 1;
    steps.push({ granule, edge, lines: 0 });
    granule /= 2;
  }
  for (; granule > quantum; granule /= 2) steps.push({ granule, edge: SMALLEST_EDGE, lines: 0 });
  EDGES.forEach((edge, index) => {
    const larger = EDGES[index + 1];
    // A small memory fits with larger cells too: what is smaller than needed is no step.
    if (steps.length === 0 && larger !== undefined && fits(larger)) return;
    steps.push({ granule: quantum, edge, lines: 0 });
  });
  steps.push(objectZoom(quantum));
  return steps;
}

/** The step that shows memory most like `zoom` did: after growth there are other steps than before. */
export function nearest(steps: readonly Zoom[], zoom: Zoom | undefined): number {
  if (zoom === undefined) return 0;
  // Bytes per pixel grow by a factor from step to step, so their distance is one of logarithms.
  const density = ({ granule, edge }: Zoom): number => Math.log2(granule / (edge * edge));
  let best = 0;
  steps.forEach((step, index) => {
    const now = steps[best];
    if (now !== undefined && Math.abs(density(step) - density(zoom)) < Math.abs(density(now) - density(zoom))) best = index;
  });
  return best;
}

export function layout(bytes: number, zoom: Zoom, width: number): Grid {
  const cells = Math.ceil(bytes / zoom.granule);
  const columns = Math.max(1, Math.min(Math.max(1, cells), Math.floor(width / zoom.edge)));
  return { ...zoom, bytes, cells, columns, rows: Math.ceil(cells / columns) };
}

export function cellOf(grid: Grid, address: number): number {
  return Math.floor(address / grid.granule);
}

/** Left upper corner of a cell, from the start of the grid. */
export function boxOf(grid: Grid, cell: number): Box {
  return { x: (cell % grid.columns) * grid.edge, y: Math.floor(cell / grid.columns) * grid.edge };
}

/** The cell at a pixel of the grid; `undefined` beside the cells. */
export function cellAt(grid: Grid, x: number, y: number): number | undefined {
  const column = Math.floor(x / grid.edge);
  const row = Math.floor(y / grid.edge);
  if (x < 0 || y < 0 || column >= grid.columns) return undefined;
  const cell = row * grid.columns + column;
  return cell < grid.cells ? cell : undefined;
}

/** The address at a pixel: where cells have lines of bytes the byte itself, else the start of the cell. */
export function addressAt(grid: Grid, x: number, y: number): number | undefined {
  const cell = cellAt(grid, x, y);
  if (cell === undefined) return undefined;
  const start = cell * grid.granule;
  if (grid.lines === 0) return start;
  const box = boxOf(grid, cell);
  const inner = grid.edge - 2 * MARGIN;
  const within = (pixel: number): number => Math.max(0, Math.min(0.999, (pixel - MARGIN) / inner));
  const line = Math.floor(within(y - box.y) * grid.lines);
  const byte = start + Math.floor((line + within(x - box.x)) * (grid.granule / grid.lines));
  return Math.min(byte, grid.bytes - 1);
}

/** The rows to draw in a window of `height` pixels that was scrolled by `top`: `[first, end)`. */
export function visibleRows(grid: Grid, top: number, height: number): [number, number] {
  const first = Math.max(0, Math.floor(top / grid.edge));
  return [first, Math.max(first, Math.min(grid.rows, Math.ceil((top + height) / grid.edge)))];
}

/** The scroll position, as near to `top` as can be, at which the whole cell is in the window. */
export function scrollTo(grid: Grid, cell: number, top: number, height: number): number {
  const { y } = boxOf(grid, cell);
  if (y < top) return y;
  return y + grid.edge > top + height ? y + grid.edge - height : top;
}

/** The cell that a key leads to; `undefined` for other keys. */
export function step(grid: Grid, cell: number, key: string, height: number): number | undefined {
  const screen = Math.max(1, Math.floor(height / grid.edge) - 1) * grid.columns;
  const moves: Record<string, number> = {
    ArrowLeft: cell - 1,
    ArrowRight: cell + 1,
    ArrowUp: cell - grid.columns,
    ArrowDown: cell + grid.columns,
    PageUp: cell - screen,
    PageDown: cell + screen,
    Home: 0,
    End: grid.cells - 1,
  };
  const next = moves[key];
  if (next === undefined) return undefined;
  return Math.max(0, Math.min(grid.cells - 1, next));
}

/** A run of bytes on one line of a cell, in pixels from the start of the grid. */
export interface Stripe extends Box {
  width: number;
  height: number;
}

/** The bytes `[start, end)` as stripes in cells with lines, only where rows `[first, last)` show them. */
export function stripes(grid: Grid, start: number, end: number, rows: readonly [number, number]): Stripe[] {
  if (grid.lines === 0) return [];
  const perLine = grid.granule / grid.lines;
  const from = Math.max(start, rows[0] * grid.columns * grid.granule);
  const to = Math.min(end, rows[1] * grid.columns * grid.granule, grid.bytes);
  const found: Stripe[] = [];
  const inner = grid.edge - 2 * MARGIN;
  const height = inner / grid.lines;
  for (let at = from; at < to; ) {
    const line = Math.floor(at / perLine);
    const stop = Math.min(to, (line + 1) * perLine);
    const box = boxOf(grid, Math.floor(line / grid.lines));
    found.push({
      x: box.x + MARGIN + ((at - line * perLine) / perLine) * inner,
      y: box.y + MARGIN + (line % grid.lines) * height,
      width: ((stop - at) / perLine) * inner,
      height,
    });
    at = stop;
  }
  return found;
}
