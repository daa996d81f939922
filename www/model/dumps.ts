/** What the page says of dumps. Pure; relies on the records and the formats. */
import { bytes } from './format.ts';
import type { DumpOrigin } from './records.ts';

/** What is done with dumps now, or what came of it. */
export type DumpWork =
  | { kind: 'none' }
  /** Of a length that is not known the share is not known either. */
  | { kind: 'opening'; name: string; share: number | undefined }
  | { kind: 'saved'; sentence: string }
  | { kind: 'failed'; sentence: string };

export const NO_WORK: DumpWork = { kind: 'none' };

/** A dump that is looked at. */
export interface LookedAt {
  name: string;
  origin: DumpOrigin;
  /** Whether there is a running program to go back to. */
  back: boolean;
}

/** Where the file is from, in sentences. Its texts are whatever somebody wrote there: to be shown as text. */
export function originWords({ sentence, time, writer, fileBytes, frames }: DumpOrigin): string {
  const when = time === null ? '' : ` Written ${moment(time)}${writer === null || writer === '' ? '' : ` by flagstone ${writer}`}.`;
  const [where] = frames;
  const stack = where === undefined ? '' : ` It stopped in function ${where.function}, at its byte ${where.offset}.`;
  return `${sentence}${stack}${when} The file has ${bytes(fileBytes)}.`;
}

/** A moment in the reader's own words; a file may name one that no calendar has. */
function moment(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'at a time that is none' : date.toLocaleString();
}

/** A name for a file: of the program, what it holds and when; nothing that a file system takes for something else. */
export function fileName(program: string, contents: string, now: Date): string {
  const plain = program.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 60);
  const when = now.toISOString().slice(0, 19).replaceAll(':', '-');
  return `${plain === '' ? 'heap' : plain}-${contents}-${when}.wasm`;
}
