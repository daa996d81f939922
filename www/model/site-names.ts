/** Call sites by the words for them. Pure; relies on the records and the frames. */
import { ownLines, stackLines, type Frames, type Line } from './frames.ts';
import type { SiteRow } from './records.ts';

/** A site with the words for it. */
export interface Site {
  row: SiteRow;
  /** The first function that is the program's own, or its offset; the tag where there is no stack. */
  name: string;
  place: string;
  /** `import > csv`, or nothing. */
  tags: string;
  lines: readonly Line[];
}

export function siteNames(rows: readonly SiteRow[], frames: Frames): Site[] {
  return rows.map((row) => {
    const lines = stackLines(row.frames, frames);
    const first = ownLines(lines)[0];
    return { row, lines, tags: row.tags.join(' › '), name: first?.name ?? (row.tags.at(-1) ?? 'no stack'), place: first?.place ?? '' };
  });
}
