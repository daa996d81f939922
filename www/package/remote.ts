/**
 * The inspector's end of a port: a memory that lives in a worker or in another tab. A shared one comes over once and is read where it lies; of any
 * other a copy stands in its place, which is renewed on request. Relies on an agent at the other end (`agent.ts`).
 */
import type { Target } from '../model/records.ts';
import type { Port } from './types/agent.d.ts';
import { answerOf, newName, VERSION, type Answer, type Request } from './wire.ts';

/** Milliseconds until an agent that does not answer is taken for none. */
const PATIENCE = 10_000;

const FIXED = 'A copy of a memory does not grow.';

export interface Remote {
  target: Target;
  /** Fetches the bytes anew; undefined where the memory is shared. */
  renew: (() => Promise<void>) | undefined;
  /** Brings over to the program what was written into the copy by `change`. */
  write(change: () => void): void;
  close(): void;
}

/** Finds the agent; rejects with a sentence where none answers in time. */
export async function connect(port: Port, patience = PATIENCE): Promise<Remote> {
  const line = new Line(port, patience);
  try {
    const first = await line.ask('memory');
    if (first.memory !== undefined) {
      return { target: { memory: first.memory, root: first.root }, renew: undefined, write: (change) => change(), close: () => line.close() };
    }
    return copied(line, first);
  } catch (error) {
    line.close();
    throw error;
  }
}

function copied(line: Line, first: Answer): Remote {
  let held = bytesOf(first);
  let known = first.held;
  /** The copy before the newest, whose room the agent may use again. */
  let room: ArrayBuffer | undefined;
  const memory: WebAssembly.Memory = {
    get buffer() { return held; },
    grow() { throw new Error(FIXED); },
    toFixedLengthBuffer: () => held,
    toResizableBuffer() { throw new Error(FIXED); },
  };
  return {
    target: { memory, root: first.root, ...(known === undefined ? {} : { roots: () => known ?? [] }) },
    renew: async () => {
      const lent = room;
      room = undefined;
      const next = await line.ask('memory', lent);
      const old = held;
      held = bytesOf(next);
      known = next.held;
      room = old;
    },
    write: (change) => {
      const before = new Uint8Array(held.slice(0));
      change();
      const after = new Uint8Array(held);
      const from = after.findIndex((byte, at) => byte !== before[at]);
      if (from < 0) return;
      const last = after.findLastIndex((byte, at) => byte !== before[at]);
      line.ask({ at: from, bytes: after.slice(from, last + 1) }).catch(() => undefined);
    },
    close: () => line.close(),
  };
}

function bytesOf({ bytes }: Answer): ArrayBuffer {
  if (bytes === undefined) throw new Error('The agent answered without a memory.');
  return bytes;
}

/** Questions and answers on a port, which may carry other messages too. */
class Line {
  readonly #port: Port;
  readonly #patience: number;
  readonly #name = newName();
  readonly #open = new Map<number, (answer: Answer | Error) => void>();
  #number = 0;
  #agent: string | undefined;

  constructor(port: Port, patience: number) {
    this.#port = port;
    this.#patience = patience;
    port.addEventListener('message', this.#hear);
    if (typeof MessagePort !== 'undefined' && port instanceof MessagePort) port.start();
  }

  ask(ask: Request['ask'], room?: ArrayBuffer): Promise<Answer> {
    const number = this.#number += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(new Error(`No agent answered within ${this.#patience / 1000} s: is \`serve\` called at the other end, and is it idle?`)), this.#patience);
      const end = (answer: Answer | Error): void => {
        clearTimeout(timer);
        this.#open.delete(number);
        if (answer instanceof Error) reject(answer);
        else if (answer.failed !== undefined) reject(new Error(answer.failed));
        else resolve(answer);
      };
      this.#open.set(number, end);
      const tab = typeof BroadcastChannel !== 'undefined' && this.#port instanceof BroadcastChannel;
      // What goes to another tab is copied, so an old copy would only be one more.
      const lent = tab ? undefined : room;
      const message: Request = {
        flagstone: VERSION, from: this.#name, number, ask, ...(this.#agent === undefined ? {} : { agent: this.#agent }), ...(lent === undefined ? {} : { room: lent }),
      };
      this.#port.postMessage(message, { transfer: lent === undefined ? [] : [lent] });
    });
  }

  close(): void {
    this.#port.removeEventListener('message', this.#hear);
    for (const end of [...this.#open.values()]) end(new Error('The inspector let go of the program.'));
  }

  readonly #hear = ({ data }: MessageEvent): void => {
    const answer = answerOf(data);
    if (answer === undefined || answer.to !== this.#name) return;
    const end = this.#open.get(answer.number);
    if (end === undefined) return;
    this.#agent ??= answer.agent;
    end(answer);
  };
}
