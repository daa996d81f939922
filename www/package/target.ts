/** What an engine can attach to, found in whatever a person has at hand: a memory, an instance, its exports. Pure; relies on the records. */
import type { Target } from '../model/records.ts';

const NO_MEMORY = 'There is no WebAssembly memory in what was given: give a memory, an instance, its exports, or { memory, root }.';

/** The target in a value; throws a sentence where there is none. */
export function targetOf(value: unknown): Target {
  const found = fields(value);
  if (isMemory(value)) return { memory: value };
  if (found['exports'] !== undefined) return targetOf(found['exports']);
  const { memory, root, roots, __flagstone_root: exported } = found;
  if (!isMemory(memory)) throw new Error(NO_MEMORY);
  const given = root ?? exported;
  if (given !== undefined && typeof given !== 'number' && !isGlobal(given)) throw new Error('The root of a heap is an address, or the global that a module exports.');
  if (roots !== undefined && !isRoots(roots)) throw new Error('What JavaScript holds is said by a function.');
  return { memory, root: given, ...(roots === undefined ? {} : { roots }) };
}

/** Whether it has the bytes of a memory; a memory that lives elsewhere is stood in for by something with a `buffer`. */
function isMemory(value: unknown): value is WebAssembly.Memory {
  const { buffer, byteLength } = fields(value);
  // By what it calls itself: a memory of another frame has another `ArrayBuffer`.
  return byteLength === undefined && /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(buffer));
}

function isGlobal(value: unknown): value is WebAssembly.Global {
  return typeof fields(value)['value'] === 'number';
}

function isRoots(value: unknown): value is () => number[] {
  return typeof value === 'function';
}

/** The fields of an object, of unknown types; none of what is no object. */
function fields(value: unknown): { readonly [name: string]: unknown } {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
