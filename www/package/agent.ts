/** The agent in the program's worker or tab: answers an inspector that lives elsewhere. Relies on nothing but `wire.ts`, so that it stays small. */
import { targetOf } from './target.ts';
import type { Port, Served } from './types/agent.d.ts';
import { newName, requestOf, VERSION, type Answer, type Request } from './wire.ts';

/** The most that an inspector may write: a text for diagnosis. */
const MOST = 4096;

export function serve(source: Served, port: Port = globalThis): () => void {
  const { memory, root, roots } = targetOf(source);
  const agent = newName();
  const tab = typeof BroadcastChannel !== 'undefined' && port instanceof BroadcastChannel;
  const answer = (request: Request): Pick<Answer, 'memory' | 'bytes' | 'root' | 'held'> => {
    if (request.ask !== 'memory') {
      write(memory, request.ask);
      return {};
    }
    const known = { ...(root === undefined ? {} : { root: typeof root === 'number' ? root : Number(root.value) >>> 0 }) };
    // A shared memory cannot leave its tab.
    if (!tab && typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer) return { memory, ...known };
    const bytes = request.room?.byteLength === memory.buffer.byteLength ? request.room : new ArrayBuffer(memory.buffer.byteLength);
    new Uint8Array(bytes).set(new Uint8Array(memory.buffer));
    const held = roots?.();
    return { bytes, ...known, ...(held === undefined ? {} : { held }) };
  };
  const listen = ({ data }: MessageEvent): void => {
    const request = requestOf(data);
    if (request === undefined || (request.agent !== undefined && request.agent !== agent)) return;
    const say = (words: Partial<Answer>): void => {
      const message: Answer = { flagstone: VERSION, to: request.from, agent, number: request.number, ...words };
      port.postMessage(message, { transfer: words.bytes === undefined ? [] : [words.bytes] });
    };
    try {
      say(answer(request));
    } catch (error) {
      say({ failed: error instanceof Error ? error.message : String(error) });
    }
  };
  port.addEventListener('message', listen);
  if (typeof MessagePort !== 'undefined' && port instanceof MessagePort) port.start();
  return () => port.removeEventListener('message', listen);
}

function write(memory: WebAssembly.Memory, { at, bytes }: { at: number; bytes: Uint8Array }): void {
  if (bytes.length > MOST || !Number.isInteger(at) || at < 0 || at + bytes.length > memory.buffer.byteLength) throw new Error(`${bytes.length} bytes at ${at} cannot be written.`);
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
}
