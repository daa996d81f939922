/**
 * Frames of call stacks: what the page asks for names, and how people read them. Pure; relies on nothing. Without names a frame is its offset
 * in the module, `+0x8f8`, which still tells one place from another.
 */

/** A function at an offset: several where calls were inlined, the innermost first. */
export interface Frame {
  function: string;
  file?: string;
  line?: number;
  column?: number;
  /** The call was inlined into the next frame. */
  inlined: boolean;
}

/** Frames by offset. */
export type Frames = ReadonlyMap<number, readonly Frame[]>;

/** Who knows the names. */
export interface Symbols {
  resolve(offsets: Iterable<number>): Promise<Map<number, Frame[]>>;
  /** Takes names from a file, such as the module before it was stripped; rejects with a sentence. */
  addFile(file: File): Promise<unknown>;
}

/** A line of a stack. */
export interface Line {
  offset: number;
  name: string;
  /** `src/parse.rs:41:9`, or nothing where that is not known. */
  place: string;
  inlined: boolean;
  named: boolean;
}

export function offsetName(offset: number): string {
  return `+0x${offset.toString(16)}`;
}

/** `src/parse.rs:41:9` */
export function placeOf({ file, line, column }: Frame): string {
  if (file === undefined) return '';
  if (line === undefined) return file;
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** All lines of a stack, the innermost first. */
export function stackLines(offsets: readonly number[], frames: Frames): Line[] {
  return offsets.flatMap((offset): Line[] => {
    const found = frames.get(offset) ?? [];
    if (found.length === 0) return [{ offset, name: offsetName(offset), place: '', inlined: false, named: false }];
    return found.map((frame) => ({ offset, name: frame.function, place: placeOf(frame), inlined: frame.inlined, named: true }));
  });
}

/** Allocators, collections and glue: who called them is what a person wants to know. */
const PLUMBING = /^(?:<?[&*]?(?:mut |const |dyn )?(?:flagstone|alloc|core|std|hashbrown|wasm_bindgen|js_sys)::|__rust|__rg_|__rdl_|__wbindgen|__wbg_|(?:malloc|calloc|realloc|aligned_alloc)$)/;

function isPlumbing({ name, named }: Line): boolean {
  return named && PLUMBING.test(name);
}

/** The stack without the plumbing at its inner end; all of it where there is nothing else. */
export function ownLines(lines: readonly Line[]): readonly Line[] {
  const first = lines.findIndex((line) => !isPlumbing(line));
  return first < 0 ? lines : lines.slice(first);
}

/** The crate that a function is of, or nothing where its name does not say. */
export function crateOf(name: string): string {
  return /^<?&?(?:mut |dyn )?([A-Za-z_]\w*)(?:::|\[)/.exec(name)?.[1] ?? '';
}

/** `Column::push` of `demo::csv::Column<T>::push`: what fits on a bar. */
export function shortName(name: string): string {
  let bare = name;
  for (let before = ''; before !== bare;) {
    before = bare;
    bare = bare.replace(/<[^<>]*>/g, '');
  }
  const parts = bare.split('::').filter((part) => part !== '');
  // A name that is all type parameters says less without them.
  return bare.startsWith('::') || parts.length === 0 ? name : parts.slice(-2).join('::');
}
