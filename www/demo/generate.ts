/**
 * Large sample files, made on request: the same name and size always give the same bytes.
 * Works in steps of a few milliseconds, so that the page stays alive. Relies on nothing.
 */

export type GeneratedKind = 'json' | 'csv' | 'markdown';

export const ENDINGS: Record<GeneratedKind, string> = { json: 'json', csv: 'csv', markdown: 'md' };

/** Bytes between two looks at the clock. */
const STRIDE = 64 * 1024;
/** Milliseconds of work before the page gets a turn. */
const TURN = 12;

const WORDS = ('stone path garden river wall moss bridge slab border quarry lime sand granite ledge court gate hearth tile grey flat edge ' +
  'corner level joint mortar pavement step terrace well yard mason chisel rule plumb line course bond cope sill').split(' ');
const PLACES = ['Lisbon', 'Kyoto', 'Tromsø', 'Québec', 'Gdańsk', 'Oaxaca', 'Nairobi', 'Hobart'] as const;

/** Numbers in [0, 1) from a seed (mulberry32): quick, and the same on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A file's first piece, its records one after another, and what closes it. */
interface Shape {
  head: string;
  record(index: number, next: () => number): string;
  tail: string;
}

const SHAPES: Record<GeneratedKind, Shape> = {
  json: {
    head: '{"title":"Survey of the paths","records":[\n',
    record: (index, next) => `${index === 0 ? '' : ',\n'}{"id":${index},"name":"${words(next, 2)}","place":"${pick(PLACES, next)}","lat":${(next() * 180 - 90).toFixed(5)},` +
      `"size":[${Math.floor(next() * 900)},${Math.floor(next() * 900)}],"tags":["${words(next, 1)}","${words(next, 1)}"],"note":${next() < 0.3 ? 'null' : `"${words(next, 8)}"`},"laid":${next() < 0.5}}`,
    tail: '\n]}\n',
  },
  csv: {
    head: 'id,place,kind,length_m,width_m,laid,note\n',
    record: (index, next) => `${index},${pick(PLACES, next)},${pick(WORDS, next)},${(next() * 40).toFixed(2)},${(next() * 4).toFixed(2)},` +
      `${1900 + Math.floor(next() * 120)},"${words(next, 3)}, ${words(next, 2)}"\n`,
    tail: '',
  },
  markdown: {
    head: '# Survey of the paths\n\n',
    record: (index, next) => `## ${index + 1}. ${words(next, 3)}\n\nThe *${words(next, 2)}* is **${words(next, 1)}** and ${words(next, 22)}.\n\n- ${words(next, 4)}\n- [${words(next, 2)}](#${index})\n` +
      `- \`${words(next, 1)}\`\n\n${words(next, 34)}.\n\n| place | length |\n|---|---|\n| ${pick(PLACES, next)} | ${Math.floor(next() * 90)} |\n\n`,
    tail: '',
  },
};

/** Bytes of the shortest small file, and how much longer others may be. */
const SMALL = { least: 700, more: 900 } as const;

function pick(from: readonly string[], next: () => number): string {
  return from[Math.floor(next() * from.length)] ?? '';
}

function words(next: () => number, length: number): string {
  let text = pick(WORDS, next);
  for (let index = 1; index < length; index += 1) text += ` ${pick(WORDS, next)}`;
  return text;
}

/**
 * A file of at most `size` bytes, short of it by less than one record. `progress` is told the share that is done, 0..1, and may throw to
 * stop the work.
 */
export async function generate(kind: GeneratedKind, size: number, progress: (share: number) => void): Promise<Uint8Array> {
  const shape = SHAPES[kind];
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(size);
  const next = random(size ^ kind.length);
  const tail = encoder.encode(shape.tail);
  let length = encoder.encodeInto(shape.head, bytes).written;
  let turn = performance.now();
  for (let index = 0, seen = 0; ; index += 1) {
    const record = encoder.encode(shape.record(index, next));
    if (length + record.length + tail.length > size) break;
    bytes.set(record, length);
    length += record.length;
    if (length - seen < STRIDE) continue;
    seen = length;
    if (performance.now() - turn < TURN) continue;
    progress(length / size);
    await new Promise((resolve) => setTimeout(resolve));
    turn = performance.now();
  }
  bytes.set(tail, length);
  progress(1);
  return bytes.subarray(0, length + tail.length);
}

/** So many small files of all kinds in turn, no two the same. */
export async function generateSmall(many: number): Promise<{ name: string; content: Uint8Array }[]> {
  const kinds = ['markdown', 'json', 'csv'] as const;
  const files = [];
  for (let index = 0; index < many; index += 1) {
    const kind = kinds[index % kinds.length] ?? 'json';
    const content = await generate(kind, SMALL.least + ((index * 97) % SMALL.more), () => {});
    files.push({ name: `note-${String(index + 1).padStart(3, '0')}.${ENDINGS[kind]}`, content });
  }
  return files;
}
