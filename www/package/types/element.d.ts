/** `<heap-inspector>`: the inspector as an element for any page. Importing this defines it. */
import type { Port, Served } from './agent.js';

export type { Port, Served } from './agent.js';

export interface AttachOptions {
  /** Where the heap's root is, for a memory that has several. */
  root?: number | undefined;
  /** Says which addresses JavaScript holds, all of them. With it, what the search finds are leaks. */
  roots?: (() => number[]) | undefined;
  /** The module, or where it is fetched from: call sites get their names from it. */
  module?: string | URL | ArrayBuffer | Uint8Array | undefined;
}

export class HeapInspector extends HTMLElement {
  /** `page`, as large as its place (the default), or `panel`, which floats over the page and can be moved and collapsed. */
  mode: 'page' | 'panel';
  /** `auto` follows the system. */
  theme: 'auto' | 'light' | 'dark';
  /** Of a panel: whether only its head is shown. */
  collapsed: boolean;
  /** Whether there is a heap to look at. */
  readonly attached: boolean;
  /**
   * Looks at a heap from now on: of a memory, an instance or its exports in this page; behind a port, where `serve` of `flagstone/agent` answers;
   * or in a saved memory or core dump, which may be compressed by gzip. What was looked at before is let go of.
   *
   * Rejects with a sentence, which is shown too.
   */
  attach(source: Served | Port | ArrayBuffer | Uint8Array | Blob, options?: AttachOptions): Promise<void>;
  /** Lets go of the heap. An element that leaves the document does so by itself. */
  detach(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'heap-inspector': HeapInspector;
  }
}
