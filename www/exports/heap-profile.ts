/**
 * Chrome's `.heapprofile`, what its allocation sampling leaves: a tree of calls with the live bytes of each. For DevTools (Memory, Load) and
 * speedscope. Pure; relies on the profile. Lines and columns are from 0 there; a call without a file has the module's name as its file.
 */
import { linesOf, type Place, type Profile } from './profile.ts';

interface Node {
  callFrame: { functionName: string; scriptId: string; url: string; lineNumber: number; columnNumber: number };
  selfSize: number;
  id: number;
  children: Node[];
}

export function heapProfile(profile: Profile): string {
  const all: Node[] = [];
  const known = new Map<Node, Map<string, Node>>();
  const make = ({ name, address, file, line, column }: Place): Node => {
    const url = file ?? (address === undefined ? '' : profile.program);
    // Without a line the column is the offset in the module, as DevTools has it for wasm.
    const columnNumber = line === undefined ? address ?? -1 : (column ?? 1) - 1;
    const node = { callFrame: { functionName: name, scriptId: '0', url, lineNumber: line === undefined ? (address === undefined ? -1 : 0) : line - 1, columnNumber }, selfSize: 0, id: all.length + 1, children: [] };
    all.push(node);
    return node;
  };
  const head = make({ name: '(root)' });
  for (const stack of profile.stacks) {
    if (stack.live.bytes === 0) continue;
    let at = head;
    for (const place of linesOf(stack).reverse()) {
      const children = known.get(at) ?? new Map<string, Node>();
      known.set(at, children);
      const key = JSON.stringify([place.name, place.file, place.line, place.column]);
      let next = children.get(key);
      if (next === undefined) {
        next = make(place);
        children.set(key, next);
        at.children.push(next);
      }
      at = next;
    }
    at.selfSize += stack.live.bytes;
  }
  const samples = all.filter(({ selfSize }) => selfSize > 0).map(({ id, selfSize }, ordinal) => ({ size: selfSize, nodeId: id, ordinal: ordinal + 1 }));
  return JSON.stringify({ head, samples });
}
