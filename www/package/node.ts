/** The entry of the package for Node: starts the engine when it is first needed, reads files, and tells of heaps. Relies on the engine lying beside it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { diffOf } from './diff.ts';
import { reportOn } from './report.ts';
import { targetOf } from './target.ts';
import { text } from './text.ts';
import * as engine from './types/flagstone.js';
import type { Inspector } from './types/flagstone.js';
import type { Diff, DiffOptions, Report, ReportOptions, Saved, Source } from './types/node.d.ts';

export { text };

/** The largest memory there is, and as much as Node unpacks. */
const LARGEST = 2 ** 32;

let started = false;

function start(): void {
  if (started) return;
  engine.initSync({ module: readFileSync(new URL('./flagstone_bg.wasm', import.meta.url)) });
  started = true;
}

export function attach(source: Source): Inspector {
  start();
  return engine.attach(targetOf(source));
}

export function open(saved: Saved, root?: number): Inspector {
  const bytes = unpacked(typeof saved === 'string' || saved instanceof URL ? read(saved) : new Uint8Array(saved instanceof Uint8Array ? saved.buffer : saved, ...part(saved)));
  start();
  if (startsWith(bytes, [0x00, 0x61, 0x73, 0x6d])) return engine.open(bytes, root);
  // The engine reads what it needs of them. It would have to hold a copy of all otherwise.
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : new Uint8Array(bytes).buffer;
  return engine.attach(targetOf({ memory: { buffer: whole }, root }));
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

function part(saved: Uint8Array | ArrayBuffer): [number, number] | [] {
  return saved instanceof Uint8Array ? [saved.byteOffset, saved.byteLength] : [];
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
