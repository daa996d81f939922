/**
 * A flame graph: sites put together by their stacks or tags, the outermost call first, each as wide as what was asked for under it. The tree,
 * where its bars are, and where keys lead. Pure; relies on the records and the names of sites.
 */
import type { Grouping, Measure } from './diagnosis.ts';
import type { Site } from './site-names.ts';
import { isExact } from './site-rows.ts';

export interface FlameNode {
  name: string;
  place: string;
  depth: number;
  parent: FlameNode | undefined;
  /** The widest first. */
  children: FlameNode[];
  value: number;
  /** What of it was asked for right here. */
  self: number;
  samples: number;
  /** Whether it is counted, not worked out from samples. */
  exact: boolean;
  /** Numbers of the sites that end here. */
  sites: number[];
}

/** A node on the screen: shares of the width, 0..1, and its row. */
export interface Bar {
  node: FlameNode;
  x: number;
  width: number;
  row: number;
}

const SEPARATOR = '\n';

/** What is at the root. */
export const ROOT_NAME = 'All sites';
export const NO_STACK = 'no stack recorded';
export const NO_TAG = 'no tag';

function node(name: string, place: string, parent: FlameNode | undefined): FlameNode {
  return { name, place, depth: parent === undefined ? 0 : parent.depth + 1, parent, children: [], value: 0, self: 0, samples: 0, exact: true, sites: [] };
}

/** The names on the way to a site, the outermost first. */
function way(site: Site, by: Grouping): { name: string; place: string }[] {
  const { row, own } = site;
  if (by === 'stack') return own.length === 0 ? [{ name: NO_STACK, place: '' }] : [...own].reverse();
  const tags = row.tags.length === 0 ? [NO_TAG] : row.tags;
  return [...tags.map((name) => ({ name, place: '' })), ...(own.length === 0 ? [] : [{ name: site.name, place: site.place }])];
}

export function flameTree(sites: readonly Site[], measure: Measure, by: Grouping): FlameNode {
  const root = node(ROOT_NAME, '', undefined);
  const nodes = [root];
  const known = new Map<FlameNode, Map<string, FlameNode>>();
  for (const site of sites) {
    const value = site.row[measure];
    if (!(value > 0)) continue;
    const samples = measure === 'liveBytes' || measure === 'liveCount' ? site.row.liveSamples : site.row.samples;
    const add = (to: FlameNode): void => {
      to.value += value;
      to.samples += samples;
      to.exact &&= isExact(site.row);
    };
    let at = root;
    add(at);
    for (const { name, place } of way(site, by)) {
      const callees = known.get(at) ?? new Map<string, FlameNode>();
      known.set(at, callees);
      let next = callees.get(name);
      if (next === undefined) {
        next = node(name, place, at);
        callees.set(name, next);
        at.children.push(next);
        nodes.push(next);
      }
      add(next);
      at = next;
    }
    at.self += value;
    at.sites.push(site.row.id);
  }
  for (const { children } of nodes) children.sort((a, b) => b.value - a.value || a.name.localeCompare(b.name, 'en'));
  return root;
}

/** Names from the root to a node: tells it from others, also in the next tree. Empty for the root. */
export function keyOf(of: FlameNode): string {
  return pathTo(of).slice(1).map(({ name }) => `${SEPARATOR}${name}`).join('');
}

/** The node of that key, or the nearest one above it that is left. */
export function nodeAt(root: FlameNode, key: string): FlameNode {
  let at = root;
  for (const name of key.split(SEPARATOR).slice(1)) {
    const next = at.children.find((child) => child.name === name);
    if (next === undefined) break;
    at = next;
  }
  return at;
}

/** From the root to a node. */
export function pathTo(to: FlameNode): FlameNode[] {
  const path: FlameNode[] = [];
  for (let at: FlameNode | undefined = to; at !== undefined; at = at.parent) path.unshift(at);
  return path;
}

/** Bars of the tree when `focus` is as wide as the screen: what is above it, itself, and what is under it and no narrower than `least`. */
export function bars(focus: FlameNode, least: number): Bar[] {
  const found: Bar[] = pathTo(focus).map((above, row) => ({ node: above, x: 0, width: 1, row }));
  const place = (of: FlameNode, x: number, width: number, row: number): void => {
    let left = x;
    for (const child of of.children) {
      const wide = of.value === 0 ? 0 : width * (child.value / of.value);
      if (wide < least) break;
      found.push({ node: child, x: left, width: wide, row });
      place(child, left, wide, row + 1);
      left += wide;
    }
  };
  place(focus, 0, 1, focus.depth + 1);
  return found;
}

/** Where a key leads from a bar: up to its caller, down to its widest callee, sideways to one of the same caller. */
export function flameStep(from: FlameNode, key: string): FlameNode | undefined {
  const siblings = from.parent?.children ?? [from];
  const at = siblings.indexOf(from);
  switch (key) {
    case 'ArrowUp': return from.parent;
    case 'ArrowDown': return from.children[0];
    case 'ArrowLeft': return siblings[at - 1];
    case 'ArrowRight': return siblings[at + 1];
    case 'Home': return pathTo(from)[0];
    default: return undefined;
  }
}

/** The rows of the tree as a table, of which the nodes of these keys are open. */
export function openRows(root: FlameNode, open: ReadonlySet<string>): FlameNode[] {
  return [root, ...(open.has(keyOf(root)) ? root.children.flatMap((child) => openRows(child, open)) : [])];
}
