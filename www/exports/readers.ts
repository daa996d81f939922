/**
 * Readers of values that come from a file: each takes what `JSON.parse` gave and either returns it with its type or throws a sentence that
 * says where the value is and what it is. Pure; relies on nothing.
 */

/** `at` says where the value is, such as `now.sample.caches[3].size`. */
export type Reader<T> = (value: unknown, at: string) => T;

/** Readers of all fields of a record, of those that may be left out too. */
export type Fields<T> = { readonly [K in keyof Required<T>]: Reader<T[K]> };

const SHOWN = 60;

/** Throws a sentence about a value that is not what it should be. */
export function refuse(value: unknown, at: string, wanted: string): never {
  const text = value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value) ?? String(value);
  throw new Error(`${at} should be ${wanted}, and is ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}.`);
}

export const number: Reader<number> = (value, at) => typeof value === 'number' && Number.isFinite(value) ? value : refuse(value, at, 'a number');
export const text: Reader<string> = (value, at) => typeof value === 'string' ? value : refuse(value, at, 'a text');
export const flag: Reader<boolean> = (value, at) => typeof value === 'boolean' ? value : refuse(value, at, 'true or false');

export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (value, at) => words.find((word) => word === value) ?? refuse(value, at, `one of ${words.join(', ')}`);
}

export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, at) => value === null ? null : read(value, at);
}

/** What may be left out. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, at) => value === undefined ? undefined : read(value, at);
}

export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value, at) => Array.isArray(value) ? value.map((item, index) => read(item, `${at}[${index}]`)) : refuse(value, at, 'a list');
}

/** Fields that are not known are left out; a field that is left out and may be is not there at all. */
export function record<T extends object>(fields: Fields<T>): Reader<T> {
  const readers: [string, Reader<unknown>][] = Object.entries(fields);
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(value, at, 'a record');
    const found = new Map<string, unknown>(Object.entries(value));
    const made: unknown[][] = [];
    for (const [key, read] of readers) {
      const item = read(found.get(key), `${at}.${key}`);
      if (item !== undefined) made.push([key, item]);
    }
    return Object.fromEntries(made);
  };
}

/** Fields that are all numbers. */
export function numbers<const K extends string>(...keys: readonly K[]): { readonly [key in K]: Reader<number> } {
  return Object.fromEntries(keys.map((key): unknown[] => [key, number]));
}

export function texts<const K extends string>(...keys: readonly K[]): { readonly [key in K]: Reader<string> } {
  return Object.fromEntries(keys.map((key): unknown[] => [key, text]));
}

/** Bytes, which a file has as digits of base 16. */
export const hex: Reader<Uint8Array> = (value, at) => {
  const digits = text(value, at);
  if (!/^(?:[0-9a-f]{2})*$/.test(digits)) return refuse(value, at, 'bytes as digits of base 16');
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16));
};

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
