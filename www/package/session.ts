/** What an element looks at: a heap in this page, behind a port, or in a file, found in whatever was given, with how it is renewed and let go of. Relies on the engine. */
import type { Heap, Target } from '../model/records.ts';
import { connect } from './remote.ts';
import { targetOf } from './target.ts';
import type { Port } from './types/agent.d.ts';
import type { AttachOptions } from './types/element.d.ts';
import type { Inspector } from './types/flagstone.js';

/** What is needed of the engine. */
export interface Opening {
  attach(target: Target): Inspector;
  open(bytes: Uint8Array, root?: number): Inspector;
}

export interface Session {
  heap: Heap;
  /** The memory, for a search for leaks. */
  target: Target;
  /** Whether it can change. */
  live: boolean;
  renew: (() => Promise<void>) | undefined;
  close(): void;
}

/** Begins to look at what was given; rejects with a sentence. */
export async function begin(engine: Opening, source: unknown, { root, roots }: AttachOptions): Promise<Session> {
  const known = { ...(root === undefined ? {} : { root }), ...(roots === undefined ? {} : { roots }) };
  if (isPort(source)) return remote(engine, source, known);
  const saved = await savedIn(source);
  if (saved === undefined) return here(engine, { ...targetOf(source), ...known });
  const heap = engine.open(saved, root);
  // Who looks for leaks takes the bytes of the file for those of a memory, and the engine knows both kinds.
  const whole = saved.byteLength === saved.buffer.byteLength ? saved.buffer : saved.slice().buffer;
  return { heap, target: targetOf({ memory: { buffer: whole }, ...known }), live: false, renew: undefined, close: () => heap.free() };
}

function here(engine: Opening, target: Target): Session {
  const heap = engine.attach(target);
  return { heap, target, live: true, renew: undefined, close: () => heap.free() };
}

async function remote(engine: Opening, port: Port, known: Partial<Target>): Promise<Session> {
  const { target: found, renew, write, close } = await connect(port);
  const target = { ...found, ...known };
  try {
    const heap = engine.attach(target);
    const configure = heap.configure.bind(heap);
    heap.configure = (text) => write(() => configure(text));
    return {
      heap, target, live: true, renew,
      close: () => {
        close();
        heap.free();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

function isPort(source: unknown): source is Port {
  return typeof source === 'object' && source !== null && 'postMessage' in source && 'addEventListener' in source;
}

/** The bytes of a file; undefined where it is none. */
async function savedIn(source: unknown): Promise<Uint8Array | undefined> {
  const bytes = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source instanceof ArrayBuffer ? new Uint8Array(source) : source instanceof Uint8Array ? source : undefined;
  if (bytes === undefined || !startsWith(bytes, [0x1f, 0x8b])) return bytes;
  try {
    return new Uint8Array(await new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  } catch (cause) {
    throw new Error('What gzip compressed cannot be unpacked: it is damaged or cut off.', { cause });
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}
