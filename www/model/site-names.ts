/** Call sites by the words for them. Pure; relies on the records and the frames. */
import { ownLines, stackLines, type Frames, type Line } from './frames.ts';
import type { SiteRow } from './records.ts';

/** What a stack comes to. */
interface Stack {
  /** The first function that is the program's own, or its offset; the tag where there is no stack. */
  name: string;
  place: string;
  lines: readonly Line[];
  /** Those of them that are left without allocators and collections at the inner end. */
  own: readonly Line[];
}

/** A site with the words for it. */
export interface Site extends Stack {
  row: SiteRow;
  /** `import › csv`, or nothing. */
  tags: string;
}

/** Names sites again and again: there may be thousands, and a site keeps its stack from report to report. */
export class SiteNames {
  #frames: Frames | undefined;
  readonly #known = new Map<number, { offsets: readonly number[]; stack: Stack }>();

  of(rows: readonly SiteRow[], frames: Frames): Site[] {
    if (frames !== this.#frames) this.#known.clear();
    this.#frames = frames;
    return rows.map((row) => {
      const known = this.#known.get(row.id);
      const same = known !== undefined && known.offsets.length === row.frames.length && known.offsets.every((offset, index) => offset === row.frames[index]);
      const stack = same ? known.stack : stackOf(row, frames);
      if (!same) this.#known.set(row.id, { offsets: row.frames, stack });
      return { row, tags: row.tags.join(' › '), ...stack };
    });
  }
}

function stackOf(row: SiteRow, frames: Frames): Stack {
  const lines = stackLines(row.frames, frames);
  const own = ownLines(lines);
  return { lines, own, name: own[0]?.name ?? row.tags.at(-1) ?? 'no stack', place: own[0]?.place ?? '' };
}

export function siteNames(rows: readonly SiteRow[], frames: Frames): Site[] {
  return new SiteNames().of(rows, frames);
}
