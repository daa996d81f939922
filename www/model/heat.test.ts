/** Claim: addresses, cells and pixels of the heap map lead to one another, and the zoom goes from the whole memory to single objects. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressAt, boxOf, cellAt, cellOf, layout, nearest, scrollTo, step, stripes, visibleRows, zooms } from './heat.ts';

const MIB = 1048576;
const QUANTUM = 4096;
/** The step that shows objects, for `QUANTUM`. */
const OBJECTS = { granule: QUANTUM, edge: 112, lines: 16 };

test('the first step of the zoom shows the whole memory, the last one objects', () => {
  for (const bytes of [131_072, 5 * MIB, 64 * MIB, 1024 * MIB, 4096 * MIB]) {
    for (const [width, height] of [[900, 500], [320, 300], [41, 37]] as const) {
      const steps = zooms(bytes, QUANTUM, width, height);
      const first = steps[0] ?? assert.fail('no step');
      const whole = layout(bytes, first, width);
      assert.ok(whole.rows * whole.edge <= height, `${bytes} bytes in ${width} x ${height}: ${whole.rows} rows of ${whole.edge}`);
      assert.ok(whole.columns * whole.edge <= width);
      assert.deepEqual(steps.at(-1), OBJECTS);
      for (const [index, zoom] of steps.entries()) {
        const before = steps[index - 1];
        assert.ok(zoom.granule >= QUANTUM && (before === undefined || zoom.granule < before.granule || zoom.edge > before.edge), 'each step shows more');
      }
    }
  }
});

test('a small memory begins with the largest cells that fit', () => {
  // 32 cells: at 48 pixels 4 in a row, 8 rows, 384 pixels.
  assert.deepEqual(zooms(131_072, QUANTUM, 200, 400)[0], { granule: QUANTUM, edge: 48, lines: 0 });
  assert.deepEqual(zooms(131_072, QUANTUM, 200, 300)[0], { granule: QUANTUM, edge: 32, lines: 0 });
});

test('after growth the zoom stays with what it showed', () => {
  const before = zooms(64 * MIB, QUANTUM, 900, 500);
  const after = zooms(256 * MIB, QUANTUM, 900, 500);
  assert.ok(after.length > before.length);
  for (const zoom of before) assert.deepEqual(after[nearest(after, zoom)], zoom);
  assert.equal(nearest(after, undefined), 0);
});

test('cells, boxes and pixels lead to one another', () => {
  const grid = layout(100 * QUANTUM, { granule: QUANTUM, edge: 10, lines: 0 }, 95);
  assert.deepEqual([grid.columns, grid.rows, grid.cells], [9, 12, 100]);
  assert.deepEqual(boxOf(grid, 20), { x: 20, y: 20 });
  assert.equal(cellAt(grid, 29.9, 20), 20);
  assert.equal(cellAt(grid, 90, 0), undefined, 'beside the last column');
  assert.equal(cellAt(grid, 15, 111), undefined, 'after the last cell');
  assert.equal(cellAt(grid, -1, 5), undefined);
  assert.equal(cellOf(grid, 20 * QUANTUM + 17), 20);
  for (let cell = 0; cell < grid.cells; cell += 1) {
    const box = boxOf(grid, cell);
    assert.equal(addressAt(grid, box.x + 5, box.y + 5), cell * QUANTUM);
  }
});

test('where objects are to be seen, a pixel is a byte', () => {
  const grid = layout(8 * QUANTUM, OBJECTS, 4 * 112);
  // 106 pixels of lines between margins of 3; 16 lines of 256 bytes.
  assert.equal(addressAt(grid, 112, 0), QUANTUM);
  assert.equal(addressAt(grid, 112 + 3, 3 + 3.5 * (106 / 16)), QUANTUM + 3 * 256);
  assert.equal(addressAt(grid, 112 + 3 + 53, 3 + 3.5 * (106 / 16)), QUANTUM + 3 * 256 + 128);
  assert.equal(addressAt(grid, 223.9, 111.9), QUANTUM + 4095);
});

test('an object that spans lines and cells is drawn as one run per line', () => {
  const grid = layout(8 * QUANTUM, OBJECTS, 4 * 112);
  // The last line and a half of cell 0, and the first half line of cell 1.
  const runs = stripes(grid, QUANTUM - 384, QUANTUM + 128, [0, 2]);
  assert.deepEqual(runs.map(({ width }) => width), [53, 106, 53]);
  assert.deepEqual(runs.map(({ x }) => x), [56, 3, 115]);
  assert.deepEqual(runs.map(({ y }) => Math.round(y)), [96, 102, 3]);
  assert.deepEqual(stripes(grid, 0, 64, [1, 2]), [], 'rows out of sight are left out');
  assert.deepEqual(stripes({ ...grid, lines: 0 }, 0, 64, [0, 2]), [], 'cells without lines have none');
});

test('every byte is found again where it is drawn', () => {
  const grid = layout(8 * QUANTUM, OBJECTS, 4 * 112);
  for (let byte = 0; byte < grid.bytes; byte += 97) {
    const [run] = stripes(grid, byte, byte + 1, [0, grid.rows]);
    assert.ok(run !== undefined);
    assert.equal(addressAt(grid, run.x + run.width / 2, run.y + run.height / 2), byte);
  }
});

test('scrolling moves as little as it must', () => {
  const grid = layout(1000 * QUANTUM, { granule: QUANTUM, edge: 10, lines: 0 }, 100);
  assert.equal(scrollTo(grid, 55, 40, 100), 40, 'in sight');
  assert.equal(scrollTo(grid, 5, 40, 100), 0, 'above');
  assert.equal(scrollTo(grid, 305, 40, 100), 210, 'below');
  assert.deepEqual(visibleRows(grid, 45, 100), [4, 15]);
  assert.deepEqual(visibleRows(grid, 990, 100), [99, 100]);
});

test('keys move by cells, rows and screens and stop at the ends', () => {
  const grid = layout(100 * QUANTUM, { granule: QUANTUM, edge: 10, lines: 0 }, 100);
  const moves: [number, string, number | undefined][] = [
    [0, 'ArrowLeft', 0], [0, 'ArrowRight', 1], [5, 'ArrowDown', 15], [5, 'ArrowUp', 0], [95, 'ArrowDown', 99], [50, 'PageDown', 70], [50, 'PageUp', 30], [50, 'Home', 0], [50, 'End', 99], [50, 'a', undefined],
  ];
  for (const [cell, key, to] of moves) assert.equal(step(grid, cell, key, 30), to, `${key} from ${cell}`);
});
