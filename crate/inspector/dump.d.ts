/** What a dump holds: all of the memory, or the allocator's records and nothing that the program keeps in its memory. */
export type DumpContents = 'all' | 'records';

/** What to write, and why. Everything may be left out. */
export interface DumpOptions {
  /** Default `all`. */
  contents?: DumpContents | undefined;
  /** Why: `saved` where nothing is said, `trap`, `out of memory`, or any other words. */
  reason?: string | undefined;
  /** The text of the error that it is because of. */
  error?: string | undefined;
  /** The name of the program. */
  program?: string | undefined;
  /** Milliseconds since 1970; now where nothing is said. */
  time?: number | undefined;
}

/** Bytes of a memory that belong between the other parts. */
export interface DumpRange {
  at: number;
  length: number;
}

/** A dump, as the parts that a file is made of in their order. */
export interface DumpParts {
  /** Of a dump that was opened all parts are bytes. */
  parts: (Uint8Array<ArrayBuffer> | DumpRange)[];
  /** Bytes of the file. */
  bytes: number;
  /** Bytes of the memory that are not in it; zero bytes are in it, though they take no room. */
  leftOut: number;
  /** What it holds, in a sentence. */
  sentence: string;
}

/** What a file says of itself. Its texts are whatever somebody wrote there. */
export interface DumpOrigin {
  /** `flagstone` is a core dump with flagstone's own section, `memory` the bytes of a memory and nothing else. */
  format: 'memory' | 'module' | 'core dump' | 'flagstone';
  /** Empty where that is not known, as the next two. */
  program: string;
  reason: string;
  error: string;
  /** Milliseconds since 1970. */
  time: number | null;
  /** The version of flagstone that wrote it. */
  writer: string | null;
  contents: DumpContents;
  leftOutBytes: number;
  memoryBytes: number;
  fileBytes: number;
  /** Which memory of how many in the file. */
  memory: number;
  memories: number;
  /** Where the first thread was, the innermost function first: its number, and bytes from its beginning. */
  frames: { function: number; offset: number }[];
  sentence: string;
}
