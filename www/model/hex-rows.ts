/**
 * The memory around a fault, in rows of eight bytes: which bytes are the object's, which are the guards around it, and which are damaged.
 * Pure; relies on the records. Patterns are those of `crate/audit/patterns.rs`.
 */
import type { FaultRow } from './records.ts';

export const PER_ROW = 8;

/** What a byte is part of. */
export type Part = 'object' | 'guard' | 'other';

export interface HexByte {
  at: number;
  byte: number;
  part: Part;
  damaged: boolean;
}

export interface HexRow {
  at: number;
  /** From the beginning of the object on; `undefined` where there is none. */
  offset: number | undefined;
  /** `undefined` where nothing was kept. */
  bytes: (HexByte | undefined)[];
  /** As characters, a point for what is none. */
  text: string;
}

/** What lies before an object, byte by byte from an address that is a multiple of 4 on. */
const BEFORE = [0xfe, 0xed, 0xfa, 0xce] as const;
/** What lies behind it. */
const BEHIND = 0xbb;

type Around = Pick<FaultRow, 'around' | 'aroundAt' | 'object' | 'size' | 'offset' | 'damagedBytes'>;

/** The addresses of the damaged bytes, half-open; `undefined` where none is. */
export function damagedRange({ object, offset, damagedBytes }: Pick<FaultRow, 'object' | 'offset' | 'damagedBytes'>): { from: number; to: number } | undefined {
  return offset === null || object === 0 ? undefined : { from: object + offset, to: object + offset + Math.max(1, damagedBytes) };
}

export function hexRows(fault: Around): HexRow[] {
  const { around, aroundAt, object } = fault;
  if (around.length === 0) return [];
  const parts = partsOf(fault);
  const damage = damagedRange(fault);
  const first = aroundAt - (aroundAt % PER_ROW);
  const rows: HexRow[] = [];
  for (let at = first; at < aroundAt + around.length; at += PER_ROW) {
    const bytes = Array.from({ length: PER_ROW }, (_, index): HexByte | undefined => {
      const byte = around[at + index - aroundAt];
      if (byte === undefined) return undefined;
      const here = at + index;
      return { at: here, byte, part: parts[here - aroundAt] ?? 'other', damaged: damage !== undefined && here >= damage.from && here < damage.to };
    });
    rows.push({ at, offset: object === 0 ? undefined : at - object, bytes, text: bytes.map((byte) => byte === undefined ? ' ' : character(byte.byte)).join('') });
  }
  return rows;
}

/** Guards begin at the object and go on as long as their pattern does; damage does not end them. */
function partsOf(fault: Around): Part[] {
  const { around, aroundAt, object, size } = fault;
  const parts = Array.from(around, (): Part => 'other');
  if (object === 0) return parts;
  const damage = damagedRange(fault);
  const isGuard = (at: number, expected: number): boolean => around[at - aroundAt] === expected || (damage !== undefined && at >= damage.from && at < damage.to);
  const end = aroundAt + around.length;
  for (let at = Math.max(object, aroundAt); at < Math.min(object + size, end); at += 1) parts[at - aroundAt] = 'object';
  for (let at = object - 1; at >= aroundAt && at < end && isGuard(at, BEFORE[at % 4] ?? 0); at -= 1) parts[at - aroundAt] = 'guard';
  for (let at = object + size; at >= aroundAt && at < end && isGuard(at, BEHIND); at += 1) parts[at - aroundAt] = 'guard';
  return parts;
}

function character(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}

export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** `+0x20`, `−0x8`: from the beginning of the object on. */
export function signedOffset(offset: number): string {
  return `${offset < 0 ? '−' : '+'}0x${Math.abs(offset).toString(16)}`;
}

/** A word as its bytes lie in memory: `de ad be ef`. */
export function wordBytes(word: number): string {
  return [0, 8, 16, 24].map((shift) => hexByte((word >>> shift) & 0xff)).join(' ');
}

/** Which bytes are damaged, in a sentence. */
export function damageWords(fault: Pick<FaultRow, 'object' | 'offset' | 'damagedBytes' | 'size'>): string {
  const { offset, size } = fault;
  if (offset === null || fault.object === 0) return '';
  const bytes = Math.max(1, fault.damagedBytes);
  const many = bytes === 1 ? 'One byte is' : `${bytes} bytes are`;
  if (offset < 0) return `${many} damaged, ${offset + bytes === 0 ? 'right' : `${-offset} bytes`} before the beginning of the object.`;
  if (offset < size) return `${many} damaged, from byte ${offset} of the object on.`;
  return `${many} damaged, ${offset === size ? 'right behind the end' : `${offset - size} bytes behind the end`} of the object.`;
}
