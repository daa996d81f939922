/**
 * All that is exported as one JSON document of our own, which can be read back: from it every other format can be made again. Pure; relies on
 * the readers. Bytes are digits of base 16; names of frames are with it, for the offsets of its sites.
 *
 * A document may come from anywhere: reading checks every field and throws a sentence with the first value that does not fit.
 */
import type { Frame } from '../model/symbols.ts';
import type { Records } from './profile.ts';
import { hexOf, list, number, oneOf, optional, record, text } from './readers.ts';
import { frame, growth, leaks, log, moment, peak, reading } from './schema.ts';

/** What a document says that it is. */
export const FORMAT = 'flagstone-inspector';
/** Grows when fields change their meaning or go. */
export const VERSION = 1;

interface Named {
  offset: number;
  frames: Frame[];
}

const document = record<Omit<Records, 'name'> & { format: typeof FORMAT; frames: Named[] }>({
  format: oneOf(FORMAT), program: text, at: number, now: reading, peak: optional(peak), frames: list(record<Named>({ offset: number, frames: list(frame) })),
  moments: list(moment), growths: list(growth), log: optional(log), leaks: optional(leaks),
});

export function documentOf(records: Records): string {
  const { name, program, at, now, moments, growths } = records;
  const sites = [...now.audit?.sites ?? [], ...records.peak?.sites ?? []];
  const offsets = new Set(sites.flatMap(({ frames }) => frames));
  const frames = [...offsets].sort((a, b) => a - b).map((offset): Named => ({ offset, frames: [...name(offset)] }));
  const all = { format: FORMAT, version: VERSION, program, at, now, peak: records.peak, frames, moments, growths, log: records.log, leaks: records.leaks };
  return JSON.stringify(all, (_, value: unknown) => value instanceof Uint8Array ? hexOf(value) : value);
}

/** Reads what `documentOf` made; throws a sentence on anything else. */
export function recordsOf(json: string): Records {
  const { frames, ...rest } = document(versioned(parsed(json)), 'document');
  const names = new Map(frames.map(({ offset, frames: named }) => [offset, named]));
  return { ...rest, name: (offset) => names.get(offset) ?? [] };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error(`This is no JSON: it begins with ${JSON.stringify(json.slice(0, 40))}.`, { cause });
  }
}

/** A newer document is said to be one before its fields are. */
function versioned(value: unknown): unknown {
  const { format, version } = record<{ format: string | undefined; version: number | undefined }>({ format: optional(text), version: optional(number) })(value, 'document');
  if (format !== FORMAT) throw new Error(`document.format should be ${FORMAT}, and is ${format === undefined ? 'nothing' : JSON.stringify(format.slice(0, 40))}.`);
  if (version !== VERSION) throw new Error(`This document is of version ${String(version)}; version ${VERSION} can be read here.`);
  return value;
}
