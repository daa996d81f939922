/** What giving memory back came to, as a sentence. Pure; relies on the formats of numbers. */
import { bytes } from '../model/format.ts';
import type { Reclaimed } from './demo.ts';

export function told({ depots, slabs, owners, moves }: Reclaimed): string {
  const total = depots + slabs + owners + moves;
  if (total === 0) return 'Nothing was left to give back: all that the open documents do not need is free already.';
  return `${bytes(total)} are free again: ${bytes(depots)} of records and buffers that lay ready for the next document, ${bytes(slabs)} kept ready for small ` +
    `allocations of all kinds, ${bytes(owners)} of previews that can be rendered again, and ${bytes(moves)} by moving the documents that stayed open closer together.`;
}
