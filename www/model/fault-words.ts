/**
 * What the page says of faults, for people who are tired: what each kind means and what usually causes it, the facts of one, and who held the
 * memory when there was none left. Pure; relies on the records and the formats.
 */
import { address, bytes, count, plural, range } from './format.ts';
import { signedOffset, wordBytes } from './hex-rows.ts';
import type { ExhaustionRow, FaultRow } from './records.ts';

export interface KindWords {
  title: string;
  means: string;
  causes: readonly string[];
}

const KINDS: Readonly<Record<string, KindWords>> = {
  modified: {
    title: 'Written after it was given back',
    means: 'The object had been given back, and its bytes were filled with a pattern. Later somebody wrote there: the pattern is damaged.',
    causes: [
      'A raw pointer or a reference was kept after its owner was dropped, and written through.',
      'JavaScript kept an address or a view of the memory over a call that freed the object.',
      'A structure is freed first and one of its fields is filled in afterwards.',
    ],
  },
  redzone: {
    title: 'Written past the end',
    means: 'The program wrote beside its object. The bytes there belong to nobody, so that this shows; without them it would have been another object.',
    causes: [
      'A length or an index that is off by one.',
      'An unsafe copy that counts elements where bytes were asked for, or the other way round.',
      'JavaScript or C code that copies more than it asked room for; in C often the zero at the end of a string.',
    ],
  },
  underrun: {
    title: 'Written before the beginning',
    means: 'The program wrote before its object. The bytes there belong to nobody, so that this shows; without them it would have been another object.',
    causes: [
      'An index that became negative, or wrapped around below zero.',
      'A header that is expected before the object, but the address is not that of the header’s owner.',
      'A loop that runs backwards one step too far.',
    ],
  },
  'double free': {
    title: 'Given back twice',
    means: 'The object had been given back already. Had this gone through, two owners would later have got the same memory.',
    causes: [
      'Two owners were made of one pointer: Box::from_raw, Vec::from_raw_parts or ptr::read called twice on it.',
      'A .free() from JavaScript on an object that a Rust function had already taken by value.',
      'A value was copied bit by bit, and both copies were dropped.',
    ],
  },
  'bad address': {
    title: 'Given back, but never handed out',
    means: 'The address is not that of any object of this heap.',
    causes: [
      'The pointer is of another allocator, of static data, or of the stack.',
      'The pointer itself was overwritten before it was given back.',
      'The object was freed long ago, and its memory is used for something else now.',
    ],
  },
  interior: {
    title: 'Given back by an address inside of it',
    means: 'The address lies in an object, but not at its beginning.',
    causes: [
      'A pointer that was moved forward while reading, and then given back.',
      'A pointer to a field or to an element that was taken for the whole.',
      'Alignment was added by hand, and not taken off again.',
    ],
  },
  'wrong size': {
    title: 'Given back with another size or alignment',
    means: 'What the program said when it gave the object back is not what it said when it asked for it.',
    causes: [
      'Vec::from_raw_parts with a capacity that is not the one the vector had.',
      'A Box or Vec of one type that was made into one of another type.',
      'The Layout was worked out again from a length that had changed since.',
    ],
  },
  'wrong cache': {
    title: 'Given back to another cache',
    means: 'The object came from one cache and was given back to another.',
    causes: [
      'Two caches for similar objects, and a pointer that went to the wrong one.',
      'An object of a cache that was dropped as if it came from the global allocator, or the other way round.',
    ],
  },
  'bad tag': {
    title: 'The heap’s marks are damaged',
    means: 'A mark by which the heap knows its segments does not hold what it must.',
    causes: ['A wild write: something wrote to an address it had no right to. The last operations below may say who was at work.', 'An object of a much earlier operation was overrun by far.'],
  },
  'bad record': {
    title: 'A record of the heap is damaged',
    means: 'What the heap keeps about the object does not fit together.',
    causes: ['A wild write: something wrote to an address it had no right to. The last operations below may say who was at work.', 'An overrun so long that it went over the bytes kept for this.'],
  },
};

/** What a fault is, in words; an unknown kind keeps its own. */
export function kindWords({ kind, offset }: Pick<FaultRow, 'kind' | 'offset'>): KindWords {
  return KINDS[kind === 'redzone' && offset !== null && offset < 0 ? 'underrun' : kind] ?? { title: kind, means: '', causes: [] };
}

/** What the program was doing. */
export function doingWords(doing: string): string {
  const words: Record<string, string> = { alloc: 'asking for memory', free: 'giving an object back', realloc: 'changing the size of an object', check: 'checking the heap' };
  return words[doing] ?? doing;
}

/** What was done about it. */
export function outcomeWords(outcome: string): string {
  const words: Record<string, string> = { trap: 'the program was stopped', continue: 'the program went on without the object' };
  return words[outcome] ?? outcome;
}

export interface Fact {
  label: string;
  says?: string;
  value: string;
  /** An address that the value can be looked up at. */
  at?: number;
}

/** The facts of a fault that are not in its sentence, as far as there are any. */
export function facts(fault: FaultRow): Fact[] {
  const found: Fact[] = [{ label: 'Address', says: 'The address that the program named, or that the check was at.', value: address(fault.address), at: fault.address }];
  if (fault.object !== 0) {
    found.push({ label: 'Object', says: 'Where the object lies.', value: range(fault.object, fault.size), at: fault.object });
    found.push({ label: 'Size', says: 'Bytes that were asked for, and their alignment.', value: `${bytes(fault.size)}, a multiple of ${count(fault.align)}` });
  }
  if (fault.givenSize !== 0 && (fault.givenSize !== fault.size || fault.givenAlign !== fault.align)) {
    found.push({ label: 'The program said', says: 'Size and alignment that the program gave when it gave the object back.', value: `${bytes(fault.givenSize)}, a multiple of ${count(fault.givenAlign)}` });
  }
  if (fault.cache !== '') found.push({ label: 'Cache', says: 'What the object was taken from.', value: fault.cache });
  if (fault.givenCache !== '' && fault.givenCache !== fault.cache) found.push({ label: 'Given back to', says: 'The cache that the program named.', value: fault.givenCache });
  const lies = { label: 'Lies in', says: 'The slab or the segment around it.' };
  if (fault.segmentBytes === 0) found.push({ ...lies, value: fault.place });
  else found.push({ ...lies, value: `${fault.place}, ${range(fault.segment, fault.segmentBytes)}`, at: fault.segment });
  if (fault.offset !== null) {
    found.push({ label: 'Damage begins at', says: 'From the beginning of the object on; below zero it is before the object.', value: `${signedOffset(fault.offset)} (${plural(fault.damagedBytes, 'byte')})` });
    found.push({ label: 'Expected, found', says: 'The four bytes that should be there, and those that are.', value: `${wordBytes(fault.expected)}, ${wordBytes(fault.found)}` });
  }
  if (fault.reported !== '' && fault.reported !== fault.kind) found.push({ label: 'Looked like', says: 'What it was taken for before more was known.', value: fault.reported });
  found.push({ label: 'While', says: 'What the program was doing when the fault was found.', value: doingWords(fault.doing) });
  found.push({ label: 'Then', says: 'What was done about it.', value: outcomeWords(fault.outcome) });
  return found;
}

/** Who held the memory when there was none left, in a sentence or two. */
export function exhaustionWords(row: ExhaustionRow): string {
  const whose = row.cache === '' ? '' : ` of the cache ${row.cache}`;
  const reserve = row.reserveUsed ? ' The reserve was opened and served it.' : '';
  const before = row.count === 1 ? '' : ` It is the last of ${plural(row.count, 'such request')}.`;
  const free = row.freeBytes >= row.size ? `${bytes(row.freeBytes)} of that was free, but in no run long enough` : `${bytes(row.freeBytes)} of that was free`;
  return `There was no memory for a request${whose} of ${bytes(row.size)} at a multiple of ${count(row.align)}. The memory had ${bytes(row.memoryBytes)} and could not grow; ${free}.${reserve}${before}`;
}
