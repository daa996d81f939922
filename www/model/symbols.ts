/**
 * Places in code as people read them: offsets out of the text of stack traces, and frames without what only allocators are concerned with.
 * Relies on nothing.
 */

/** One function on the way to a place in the code. */
export interface Frame {
  /** Its name as people write it; `wasm-function[7]` or `module+0x8f8` when it has none that is known. */
  function: string;
  /** The source file, as the compiler was told it. */
  file: string | undefined;
  /** The line in the file, from 1. */
  line: number | undefined;
  /** The column in the line, from 1. */
  column: number | undefined;
  /** Whether its code is part of the next frame's function. */
  inlined: boolean;
}

/**
 * The byte offsets of the wasm frames in the text of a stack trace, innermost first; other frames are left out. Knows the text of V8, with
 * and without a name section, and of Firefox; Safari prints no offsets.
 */
export function offsetsOfStack(text: string): number[] {
  const offsets: number[] = [];
  for (const line of text.split('\n')) {
    // The last one of a line: the name of a function may look like anything.
    const found = /^.*\bwasm-function\[\d+\]:0x([0-9a-f]{1,8})\)?\s*$/i.exec(line)?.[1];
    if (found !== undefined) offsets.push(Number.parseInt(found, 16));
  }
  return offsets;
}

/** Functions through which allocators are called; whatever is further inside belongs to them. */
const ENTRY = /(^|::)_{0,2}(rust|rg|rdl)_(alloc|dealloc|realloc)(_zeroed)?$|^alloc::alloc::|^<.+ as (core::alloc::(global::)?)?(GlobalAlloc|Allocator)>::|^(__wbindgen_)?(malloc|calloc|realloc)$/;

/** Names of functions of Rust's own library, of collections, and of allocators. */
const LIBRARY = /^<?(&(mut )?)?(dyn )?(alloc|core|std|hashbrown|flagstone|dlmalloc|talc|rlsf|lol_alloc)::|^<\[?[A-Z]\]? as (alloc|core|std)::/;

/** Source files of the same: line tables alone name functions that were inlined without their module. */
const FILES = [
  /(^|[/\\])library[/\\](alloc|core|std)[/\\]src[/\\]/,
  /(^|[/\\])flagstone(-\d[^/\\]*)?[/\\]crate[/\\]/,
  /(^|[/\\])(hashbrown|dlmalloc|talc|rlsf|lol_alloc)-\d[^/\\]*[/\\]src[/\\]/,
];

/** Whether a frame is of a library or an allocator. Where its file is known that decides: the closure of a program in a function of `core` is the program's. */
function isLibrary({ function: name, file }: Frame): boolean {
  return file === undefined ? LIBRARY.test(name) : FILES.some((pattern) => pattern.test(file));
}

/**
 * Frames of a call site, innermost first, from the first one on that is the program's own: without the allocator and the collections it was
 * called through. Where nothing else is left, the outermost frame.
 */
export function interesting(frames: readonly Frame[]): Frame[] {
  const entry = frames.findLastIndex((frame) => ENTRY.test(frame.function));
  const own = frames.findIndex((frame, index) => index > entry && !isLibrary(frame));
  return own < 0 ? frames.slice(-1) : frames.slice(own);
}

/** A source file without the folders of the machine that compiled it: from the crate's name and version on, or from `library` for Rust's own. */
export function shortFile(file: string): string {
  const path = file.replaceAll('\\', '/');
  const own = /(?:^|\/)(library\/(?:alloc|core|std|proc_macro|test)\/.*)$/.exec(path)?.[1];
  const registry = /\/registry\/src\/[^/]+\/(.*)$/.exec(path)?.[1];
  return own ?? registry ?? path.replace(/^\.\//, '');
}

/** `src/lib.rs:12:5`; empty where the line is not known. */
export function placeOf(frame: Frame): string {
  if (frame.file === undefined) return '';
  const numbers = [frame.line, frame.column].filter((number) => number !== undefined);
  return [shortFile(frame.file), ...numbers].join(':');
}
