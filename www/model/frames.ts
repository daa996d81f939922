/**
 * Stacks of call sites as people read them: a line for each call, inlined ones too. Pure; relies on the frames of `symbols.ts`. Without names a
 * line is the offset in the module, `+0x8f8`, which still tells one place from another.
 */
import { interesting, placeOf, type Frame } from './symbols.ts';

/** Frames by offset, the innermost first. */
export type Frames = ReadonlyMap<number, readonly Frame[]>;

/** A line of a stack. */
export interface Line {
  offset: number;
  frame: Frame;
  name: string;
  /** `src/parse.rs:41:9`, or nothing where that is not known. */
  place: string;
  inlined: boolean;
}

/** What a frame is called of which only the offset is known. */
const NAMELESS = /^module\+(0x[0-9a-f]+)$/;

export function nameless(offset: number): Frame {
  return { function: `module+0x${offset.toString(16)}`, file: undefined, line: undefined, column: undefined, inlined: false };
}

/** Whether a person learns more from the frame than from its offset. */
export function isNamed(frame: Frame): boolean {
  return !NAMELESS.test(frame.function);
}

/** All lines of a stack, the innermost first. */
export function stackLines(offsets: readonly number[], frames: Frames): Line[] {
  return offsets.flatMap((offset) => {
    const found = frames.get(offset) ?? [];
    return (found.length === 0 ? [nameless(offset)] : found).map((frame): Line =>
      ({ offset, frame, name: frame.function.replace(NAMELESS, '+$1'), place: placeOf(frame), inlined: frame.inlined }));
  });
}

/** The stack without allocators and collections at its inner end; where there is nothing else, the outermost call. */
export function ownLines(lines: readonly Line[]): readonly Line[] {
  return lines.slice(lines.length - interesting(lines.map(({ frame }) => frame)).length);
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
