/**
 * A profile of pprof: for `go tool pprof`, speedscope, Pyroscope and others. Pure; relies on the profile and on the writer of messages.
 *
 * Samples have the four figures that Go's heap profiles have, and the peak where one is known; `inuse_space` is what is shown first. An
 * address is the byte offset in the module, which is the one mapping, so that debug information can be applied later. Inlined functions
 * are lines of one location, tags are labels, and what is to be known of the figures is a comment. Numbers of fields are those of `profile.proto`.
 */
import { linesOf, type Place, type Profile, type Stack } from './profile.ts';
import { Message } from './protobuf.ts';

/** The whole module: 4 GiB, more than a module can have. */
const LIMIT = 2 ** 32;
const NANOS = 1_000_000n;

export function pprof(profile: Profile): Uint8Array<ArrayBuffer> {
  const tables = new Tables();
  const { text } = tables;
  const valueType = (type: string, unit: string): Message => new Message().number(1, text(type)).number(2, text(unit));
  const made = new Message();
  const types = [['alloc_objects', 'count'], ['alloc_space', 'bytes'], ['inuse_objects', 'count'], ['inuse_space', 'bytes']];
  if (profile.peakKnown) types.push(['peak_objects', 'count'], ['peak_space', 'bytes']);
  for (const [type = '', unit = ''] of types) made.message(1, valueType(type, unit));
  for (const stack of profile.stacks) made.message(2, sample(stack, tables, profile.peakKnown));
  made.message(3, new Message().number(1, 1).number(3, LIMIT).number(5, text(profile.program)).flag(7, true).flag(8, true).flag(9, true).flag(10, true));
  for (const location of tables.locations) made.message(4, location);
  for (const called of tables.functions) made.message(5, called);
  made.number(9, BigInt(Math.trunc(profile.at)) * NANOS);
  made.message(11, valueType('space', 'bytes')).number(12, profile.samplingBytes);
  made.numbers(13, [text(profile.note)]).number(14, text('inuse_space'));
  // Last, when all texts are known: fields may come in any order.
  for (const string of tables.texts) made.text(6, string);
  return made.bytes();
}

/** The same, smaller: what readers of the format expect a file to be. */
export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function sample(stack: Stack, tables: Tables, peakKnown: boolean): Message {
  const { live, total, peak, tags } = stack;
  const values = [total.count, total.bytes, live.count, live.bytes, ...(peakKnown ? [peak.count, peak.bytes] : [])];
  const made = new Message().numbers(1, locationsOf(stack).map(tables.location)).numbers(2, values);
  if (tags.length > 0) made.message(3, new Message().number(1, tables.text('tag')).number(2, tables.text(tags.join(' › '))));
  return made;
}

/** Lines that are one address, the innermost first. */
function locationsOf(stack: Stack): Place[][] {
  const found: Place[][] = [];
  let open: Place[] = [];
  for (const place of linesOf({ ...stack, tags: [] })) {
    open.push(place);
    if (place.inlined === true) continue;
    found.push(open);
    open = [];
  }
  return open.length === 0 ? found : [...found, open];
}

/** What samples refer to by number. */
class Tables {
  readonly texts = [''];
  readonly locations: Message[] = [];
  readonly functions: Message[] = [];
  readonly #texts = new Map([['', 0]]);
  readonly #locations = new Map<string, number>();
  readonly #functions = new Map<string, number>();

  readonly text = (value: string): number => {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    this.#texts.set(value, this.texts.length);
    return this.texts.push(value) - 1;
  };

  readonly location = (places: readonly Place[]): number => {
    const address = places[0]?.address;
    const made = new Message();
    const id = this.locations.length + 1;
    made.number(1, id).number(2, address === undefined ? 0 : 1).number(3, address ?? 0);
    for (const place of places) made.message(4, new Message().number(1, this.#function(place)).number(2, place.line ?? 0).number(3, place.column ?? 0));
    // An address that stacks begin with has lost the lines of allocators, so it may be there with other lines.
    const key = JSON.stringify([address, places.map(({ name, file, line, column }) => [name, file, line, column])]);
    const known = this.#locations.get(key);
    if (known !== undefined) return known;
    this.#locations.set(key, id);
    this.locations.push(made);
    return id;
  };

  #function({ name, file }: Place): number {
    const key = JSON.stringify([name, file]);
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const id = this.functions.length + 1;
    this.#functions.set(key, id);
    const called = this.text(name);
    this.functions.push(new Message().number(1, id).number(2, called).number(3, called).number(4, this.text(file ?? '')));
    return id;
  }
}
