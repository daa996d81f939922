/** Claim: a flame graph adds up at each bar, keeps its bars where they belong at every zoom, and keys lead from bar to bar. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAMES, SITES } from '../test/fake-audit.ts';
import { bars, flameStep, flameTree, keyOf, nodeAt, NO_STACK, NO_TAG, openRows, pathTo, type FlameNode } from './flame.ts';
import { COLOURS, flameColour, flameError, flameValue, flameWords, MEASURES } from './flame-words.ts';
import { siteNames } from './site-names.ts';

const sites = siteNames(SITES, FRAMES);
const tree = flameTree(sites, 'liveBytes', 'stack');
const names = (some: readonly FlameNode[]): string[] => some.map(({ name }) => name);

function every(node: FlameNode, claim: (node: FlameNode) => void): void {
  claim(node);
  for (const child of node.children) every(child, claim);
}

/** From the root along the names. */
function under(root: FlameNode, ...path: string[]): FlameNode {
  return path.reduce((at, name) => at.children.find((child) => child.name === name) ?? assert.fail(name), root);
}

test('each bar is what is under it and what is its own; the root is all', () => {
  for (const { measure } of MEASURES) {
    for (const by of ['stack', 'tag'] as const) {
      const root = flameTree(sites, measure, by);
      assert.equal(root.value, SITES.reduce((sum, row) => sum + row[measure], 0));
      every(root, ({ name, value, self, children }) => {
        assert.ok(Math.abs(value - self - children.reduce((sum, child) => sum + child.value, 0)) < 1e-6, name);
        assert.deepEqual(children.map((child) => child.value), children.map((child) => child.value).sort((a, b) => b - a), 'the widest first');
      });
    }
  }
});

test('stacks are put together from the outermost call on, without plumbing; recursion is a bar under itself', () => {
  assert.deepEqual(names(tree.children), ['workbench_open', '+0x7a0', NO_STACK, 'workbench_preview']);
  const open = under(tree, 'workbench_open', 'demo::workbench::Workbench::open');
  assert.deepEqual(names(open.children), ['demo::csv::read', 'demo::json::Parser::value', 'demo::index::Index::build']);
  const value = under(open, 'demo::json::Parser::value');
  assert.equal(value.self, 524_288);
  assert.deepEqual(value.sites, [3]);
  assert.deepEqual(names(pathTo(under(value, 'demo::json::Parser::value', 'demo::json::Parser::string'))).slice(2), ['demo::workbench::Workbench::open', 'demo::json::Parser::value', 'demo::json::Parser::value', 'demo::json::Parser::string']);
  assert.equal(under(value, 'demo::json::Parser::value').self, 0);
});

test('by tag, tags come first and then the function', () => {
  const root = flameTree(sites, 'bytes', 'tag');
  assert.deepEqual(names(root.children), ['import', 'preview', NO_TAG, 'worker']);
  assert.deepEqual(names(under(root, 'import', 'json').children), ['demo::json::Parser::string', 'demo::json::Parser::value']);
  assert.equal(under(root, 'worker').children.length, 0, 'no stack was taken there');
});

test('samples add up, and what was counted in part only is an estimate', () => {
  assert.equal(tree.samples, SITES.reduce((sum, { liveBytes, liveSamples }) => sum + (liveBytes > 0 ? liveSamples : 0), 0));
  assert.equal(tree.exact, false);
  const index = under(tree, 'workbench_open', 'demo::workbench::Workbench::open', 'demo::index::Index::build');
  assert.equal(index.exact, true);
  assert.equal(flameError(index), '');
  assert.equal(flameError(tree), '± 7 %');
  assert.equal(flameValue(index, 'liveBytes'), '1 MiB');
  assert.equal(flameWords(index, tree, 'liveBytes'), 'demo::index::Index::build, src/index.rs:19:9: 1 MiB live (10.4 % of all).');
  assert.match(flameWords(tree, tree, 'liveBytes'), /^All sites: ≈ 9.58 MiB live, ± 7 %, worked out from 197 samples\.$/);
});

test('an empty tree is a root alone', () => {
  const root = flameTree([], 'bytes', 'stack');
  assert.deepEqual([root.value, root.children.length], [0, 0]);
  assert.deepEqual(bars(root, 0.01).map(({ width }) => width), [1]);
});

test('bars lie within their caller and beside each other, at every zoom', () => {
  every(tree, (focus) => {
    const drawn = bars(focus, 0);
    const at = new Map(drawn.map((bar) => [bar.node, bar]));
    for (const { node, x, width, row } of drawn) {
      assert.equal(row, node.depth);
      if (pathTo(focus).includes(node)) assert.deepEqual([x, width], [0, 1], 'what leads to the zoomed bar is as wide as the screen');
      const caller = node.parent === undefined ? undefined : at.get(node.parent);
      if (caller === undefined) continue;
      assert.ok(x >= caller.x - 1e-9 && x + width <= caller.x + caller.width + 1e-9);
    }
    for (const { node } of drawn) {
      if (!pathTo(node).includes(focus)) continue;
      const inner = node.children.map((child) => at.get(child) ?? assert.fail('not drawn'));
      for (const [index, bar] of inner.entries()) if (index > 0) assert.ok(Math.abs(bar.x - ((inner[index - 1]?.x ?? 0) + (inner[index - 1]?.width ?? 0))) < 1e-9);
    }
  });
});

test('bars that nobody could see are left out, with all under them', () => {
  const drawn = bars(tree, 0.02);
  assert.ok(drawn.every(({ width }) => width >= 0.02));
  assert.ok(!names(drawn.map(({ node }) => node)).includes('workbench_preview'));
});

test('a key finds its bar in the next tree, or the nearest one that is left', () => {
  const open = under(tree, 'workbench_open', 'demo::workbench::Workbench::open', 'demo::csv::read');
  const next = flameTree(sites.filter(({ row }) => row.id !== 1), 'liveBytes', 'stack');
  assert.equal(nodeAt(tree, keyOf(open)), open);
  assert.equal(nodeAt(next, keyOf(open)).name, 'demo::workbench::Workbench::open');
  assert.equal(nodeAt(next, ''), next);
});

test('keys lead up, down, and to what has the same caller', () => {
  const open = under(tree, 'workbench_open', 'demo::workbench::Workbench::open');
  const [first, second] = open.children;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(flameStep(open, 'ArrowDown'), first);
  assert.equal(flameStep(first, 'ArrowRight'), second);
  assert.equal(flameStep(second, 'ArrowLeft'), first);
  assert.equal(flameStep(first, 'ArrowLeft'), undefined);
  assert.equal(flameStep(first, 'ArrowUp'), open);
  assert.equal(flameStep(first, 'Home'), tree);
  assert.equal(flameStep(tree, 'ArrowUp'), undefined);
  assert.equal(flameStep(first, 'x'), undefined);
});

test('the table has the rows that are open', () => {
  assert.deepEqual(names(openRows(tree, new Set())), ['All sites']);
  const open = new Set(['', keyOf(under(tree, 'workbench_open'))]);
  assert.deepEqual(names(openRows(tree, open)), ['All sites', 'workbench_open', 'demo::workbench::Workbench::open', '+0x7a0', NO_STACK, 'workbench_preview']);
});

test('bars without names have no colour, others one of five', () => {
  assert.equal(flameColour(tree), 0);
  assert.equal(flameColour(under(tree, '+0x7a0')), 0);
  every(tree, (node) => assert.ok(flameColour(node) >= 0 && flameColour(node) < COLOURS));
  assert.ok(flameColour(under(tree, 'workbench_open')) > 0);
});
