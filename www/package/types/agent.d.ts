/** The inspector's agent: a few lines in the program's worker, or in another tab, that hand its memory to an inspector elsewhere. */

/** What has a heap in it: a memory, an instance, its exports, or a memory with the root of its heap and what JavaScript holds. */
export type Served =
  | WebAssembly.Memory
  | WebAssembly.Instance
  | WebAssembly.Exports
  | { memory: WebAssembly.Memory; __flagstone_root?: WebAssembly.Global | undefined }
  | { memory: WebAssembly.Memory; root?: number | WebAssembly.Global | undefined; roots?: (() => number[]) | undefined };

/** Where requests come from and answers go: a `MessagePort`, a `BroadcastChannel`, a `Worker`, or the scope of a worker. */
export interface Port {
  postMessage(message: unknown, options: { transfer: Transferable[] }): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/**
 * Answers an inspector that asks on `port`, by default the scope of this worker: with the memory itself where it is shared, else with
 * a copy of its bytes at each request, which is handed over. It reads memory only when it is asked, never calls the module, and leaves
 * messages that are not the inspector's alone. The returned function ends it.
 *
 * Throws an `Error` with a sentence where there is no memory in `source`.
 */
export function serve(source: Served, port?: Port): () => void;
