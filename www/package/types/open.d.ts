/** A line in the program that lets people open the inspector on it whenever they want to, and costs next to nothing until they do. */
import type { Served } from './agent.js';
import type { AttachOptions, HeapInspector } from './element.js';

export interface Opener {
  /** Opens a panel on each heap that is offered, where there is none yet. */
  open(): Promise<HeapInspector[]>;
  /** Answers inspectors in other tabs of this origin, until the returned function is called. */
  share(channel?: string): () => void;
  /** Opens a panel on the heap that another tab shares. */
  other(channel?: string): Promise<HeapInspector>;
}

/**
 * Offers a heap to be inspected. A panel opens at once where the page's address has `?heap-inspector`; other tabs are answered where it has
 * `?heap-inspector=share`, and the heap of a tab that shares is shown where it has `?heap-inspector=other`. The same can be asked for in the
 * console at any time: `flagstone.open()`, `flagstone.share()`, `flagstone.other()`.
 */
export function offer(source: Served, options?: AttachOptions): Opener;

declare global {
  // The name in the console.
  var flagstone: Opener | undefined;
}
