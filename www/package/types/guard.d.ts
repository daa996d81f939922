/**
 * What an app takes along to have its heap as a file when it traps, without the inspector or its engine: a WebAssembly core dump of all of the
 * memory, which the inspector opens.
 */

/** What a memory was written with. */
export interface Facts {
  /** `trap`, `stack overflow`, `out of memory`, or what `dump` was told. */
  reason: string;
  /** The text of the error. */
  error: string;
  /** Milliseconds since 1970. */
  time: number;
  /** A name for the file. */
  name: string;
}

export interface GuardOptions {
  /** The name of the program. */
  program?: string | undefined;
  /** The memory, where it is imported and not exported. */
  memory?: WebAssembly.Memory | undefined;
  /** Where the heap's root is, where it is not exported as `__flagstone_root`. */
  root?: number | WebAssembly.Global | undefined;
  /** Takes the file. Without it the browser saves it as a download. */
  onDump?: ((file: Blob, facts: Facts) => void) | undefined;
  /** Whether errors count that nobody caught, too, whoever called: what wasm-bindgen calls goes past the guarded exports. Default true. */
  uncaught?: boolean | undefined;
}

/** What watches over an instance. */
export interface Guard<E> {
  /** Exports to call in place of the instance's. */
  exports: E;
  /** Writes the memory now, trap or not. */
  dump(reason?: string, error?: unknown): void;
  /** No longer watches. */
  end(): void;
}

/** Watches over a module's instance. At its first trap its memory becomes a file; errors go on to whoever called. */
export function guard<E extends WebAssembly.Exports>(source: { exports: E }, options?: GuardOptions): Guard<E>;
