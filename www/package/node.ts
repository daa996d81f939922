/** The entry of the package for Node: starts the engine when it is first needed, reads files, and tells of heaps. Relies on the engine lying beside it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { diffOf } from './diff.ts';
import { reportOn } from './report.ts';
import { targetOf } from './target.ts';
import { text } from './text.ts';
import * as engine from './types/flagstone.js';
import type { Inspector } from './types/flagstone.js';
import type { Diff, DiffOptions, DumpOptions, Report, ReportOptions, Saved, Source } from './types/node.d.ts';

export { text };

/** The largest memory there is, and as much as Node unpacks. */
const LARGEST = 2 ** 32;

let started = false;

function start(): void {
  if (started) return;
  engine.initSync({ module: readFileSync(new URL('./flagstone_bg.wasm', import.meta.url)) });
  started = true;
}

/** The memories that were attached to: a dump takes most of its bytes from there. */
const memories = new WeakMap<Inspector, WebAssembly.Memory>();

export function attach(source: Source): Inspector {
  start();
  const target = targetOf(source);
  const heap = engine.attach(target);
  memories.set(heap, target.memory);
  return heap;
}

export function open(saved: Saved, root?: number): Inspector {
  const bytes = unpacked(typeof saved === 'string' || saved instanceof URL ? read(saved) : saved instanceof Uint8Array ? saved : new Uint8Array(saved));
  start();
  return engine.open(bytes, root);
}

export function dump(of: Inspector | Source, options?: DumpOptions): Uint8Array<ArrayBuffer> {
  return using(of, (heap) => {
    const { parts, bytes } = heap.dump(options);
    const memory = memories.get(heap);
    const whole = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      if (part instanceof Uint8Array) whole.set(part, at);
      else if (memory !== undefined) whole.set(new Uint8Array(memory.buffer, part.at, part.length), at);
      else throw new Error('The memory of this heap is not known: attach to it by `attach` of flagstone/node.');
      at += part.length;
    }
    return whole;
  });
}

export function copy(source: Source): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(targetOf(source).memory.buffer));
}

export function report(of: Inspector | Source | Saved, options?: ReportOptions): Report {
  return using(of, (heap) => reportOn(heap, options));
}

export function diff(before: Inspector | Source | Saved, after: Inspector | Source | Saved, options?: DiffOptions): Diff {
  return using(before, (one) => using(after, (two) => diffOf(one, two, options)));
}

/** A heap that is opened for it is let go of after it. */
function using<T>(of: Inspector | Source | Saved, then: (heap: Inspector) => T): T {
  if (isInspector(of)) return then(of);
  const heap = isSaved(of) ? open(of) : attach(of);
  try {
    return then(heap);
  } finally {
    heap.free();
  }
}

function isInspector(of: object | string): of is Inspector {
  return typeof of === 'object' && 'sample' in of && 'check' in of;
}

function isSaved(of: Source | Saved): of is Saved {
  return typeof of === 'string' || of instanceof URL || of instanceof Uint8Array || of instanceof ArrayBuffer;
}

function read(path: string | URL): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${String(path)} cannot be read: ${reason(cause)}.`, { cause });
  }
}

function unpacked(bytes: Uint8Array): Uint8Array {
  if (!startsWith(bytes, [0x1f, 0x8b])) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST });
  } catch (cause) {
    throw new Error(`What gzip compressed cannot be unpacked: ${reason(cause)}.`, { cause });
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}

const REASONS: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'it may not be read', ERR_FS_FILE_TOO_LARGE: 'it is larger than any memory',
  ERR_BUFFER_TOO_LARGE: 'it is larger than any memory', Z_BUF_ERROR: 'it is cut off', Z_DATA_ERROR: 'it is damaged',
};

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
}
