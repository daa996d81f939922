/** The mistakes that the demo makes on purpose, each of which ends it: their names in the program, and words for them. */

interface Mistake {
  /** As the program knows it. */
  name: string;
  label: string;
  says: string;
}

export const MISTAKES: readonly Mistake[] = [
  { name: 'overrun', label: 'Write one byte too far', says: 'A label of 13 bytes gets a fourteenth.' },
  { name: 'underrun', label: 'Write before the beginning', says: 'One byte before a label is written.' },
  { name: 'write-after-free', label: 'Write after free', says: 'A label is given back, and written then.' },
  { name: 'double-free', label: 'Free twice', says: 'A label is given back two times.' },
  { name: 'wrong-size', label: 'Free with a wrong size', says: 'Asked for with 13 bytes, given back with 16.' },
  { name: 'interior', label: 'Free the inside', says: 'An address 16 bytes into an object is given back.' },
  { name: 'foreign', label: 'Free what is not on the heap', says: 'The address of a constant is given back.' },
  { name: 'wrong-cache', label: 'Free to another cache', says: 'A node is given back to the cache of names.' },
  { name: 'damaged-record', label: 'Damage a record', says: 'A wild pointer writes over the heap’s own record of an object.' },
  { name: 'out-of-memory', label: 'Use up all memory', says: 'Half a gigabyte is asked for again and again.' },
  { name: 'trap', label: 'Trap', says: 'The program does what it must not: unreachable.' },
];
