/**
 * A heap snapshot as V8 writes them, for DevTools (Memory, Load: Summary, Containment, Comparison) and memlab. Pure; relies on the tree.
 *
 * The head is that of V8, with all its kinds of nodes and edges, because readers look things up in it by name. Everything is an `object`, so
 * that it is shown by its name; a child is an element of what it is in. Where objects are grouped the root says so.
 */
import type { HeapNode, HeapTree } from './heap-tree.ts';

const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', 'detachedness'];
const NODE_TYPES = [
  'hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic', 'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape', 'wasm object',
];
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'];
const OBJECT = NODE_TYPES.indexOf('object');
const SYNTHETIC = NODE_TYPES.indexOf('synthetic');
const ELEMENT = EDGE_TYPES.indexOf('element');

export function heapSnapshot({ root, objects, grouped }: HeapTree): string {
  const strings = ['<dummy>'];
  const known = new Map<string, number>();
  const text = (value: string): number => {
    const found = known.get(value);
    if (found !== undefined) return found;
    known.set(value, strings.length);
    return strings.push(value) - 1;
  };
  const order = [root];
  const nodes: number[] = [];
  const edges: number[] = [];
  // Children come behind all that was found before them, so the edges of a node lead to the next ones in the list.
  for (let at = 0; at < order.length; at += 1) {
    const { name, id, bytes, children }: HeapNode = order[at] ?? root;
    const called = at > 0 ? name : grouped === 0 ? 'memory' : `memory (${objects} objects one by one, those of ${grouped} ${grouped === 1 ? 'slab' : 'slabs'} together)`;
    nodes.push(at === 0 ? SYNTHETIC : OBJECT, text(called), id, bytes, children.length, 0, 0);
    children.forEach((child, index) => {
      edges.push(ELEMENT, index, order.length * NODE_FIELDS.length);
      order.push(child);
    });
  }
  const meta = {
    node_fields: NODE_FIELDS, node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number', 'number'],
    edge_fields: ['type', 'name_or_index', 'to_node'], edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
    trace_function_info_fields: ['function_id', 'name', 'script_name', 'script_id', 'line', 'column'], trace_node_fields: ['id', 'function_info_index', 'count', 'size', 'children'],
    sample_fields: ['timestamp_us', 'last_assigned_id'], location_fields: ['object_index', 'script_id', 'line', 'column'],
  };
  // Readers take the parts one after the other, in this order.
  return JSON.stringify({
    snapshot: { meta, node_count: order.length, edge_count: order.length - 1, trace_function_count: 0 },
    nodes, edges, trace_function_infos: [], trace_tree: [], samples: [], locations: [], strings,
  });
}
