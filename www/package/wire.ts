/**
 * What an inspector and an agent say to each other. Every message has the field `flagstone` with the version, so that a port can carry other messages too.
 * Whoever receives one looks at all of its fields: it may come from anybody.
 */

export const VERSION = 1;

/** To the agent. Each inspector has a name of its own, and `agent` is the one it found, once it found one: several may hear. */
export interface Request {
  flagstone: typeof VERSION;
  from: string;
  agent?: string;
  number: number;
  /** The memory; or bytes that are to be written into it. */
  ask: 'memory' | { at: number; bytes: Uint8Array<ArrayBuffer> };
  /** An old copy, whose room may be used again. */
  room?: ArrayBuffer;
}

/** From the agent. */
export interface Answer {
  flagstone: typeof VERSION;
  to: string;
  agent: string;
  number: number;
  /** The memory itself, where it is shared; a copy of its bytes; that bytes were written; or a sentence why not. */
  memory?: WebAssembly.Memory;
  bytes?: ArrayBuffer;
  failed?: string;
  root?: number;
  /** What JavaScript holds there; undefined where that is not known. */
  held?: number[];
}

/** A request that was understood. */
export function requestOf(message: unknown): Request | undefined {
  if (!isRecord(message) || message['flagstone'] !== VERSION) return undefined;
  const { from, agent, number, ask, room } = message;
  if (typeof from !== 'string' || typeof number !== 'number' || (agent !== undefined && typeof agent !== 'string')) return undefined;
  const named = agent === undefined ? {} : { agent };
  if (ask === 'memory') return { flagstone: VERSION, from, number, ask, ...named, ...(room instanceof ArrayBuffer ? { room } : {}) };
  if (!isRecord(ask)) return undefined;
  const { at, bytes } = ask;
  if (typeof at !== 'number' || !isBytes(bytes)) return undefined;
  return { flagstone: VERSION, from, number, ask: { at, bytes }, ...named };
}

/** An answer that was understood. */
export function answerOf(message: unknown): Answer | undefined {
  if (!isRecord(message) || message['flagstone'] !== VERSION) return undefined;
  const { to, agent, number, memory, bytes, failed, root, held } = message;
  if (typeof to !== 'string' || typeof agent !== 'string' || typeof number !== 'number') return undefined;
  return {
    flagstone: VERSION, to, agent, number,
    ...(memory instanceof WebAssembly.Memory ? { memory } : {}),
    ...(bytes instanceof ArrayBuffer ? { bytes } : {}),
    ...(typeof failed === 'string' ? { failed } : {}),
    ...(typeof root === 'number' ? { root } : {}),
    ...(Array.isArray(held) ? { held: held.filter((one) => typeof one === 'number') } : {}),
  };
}

/** A name that no other has. */
export function newName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (word) => word.toString(36)).join('-');
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}
