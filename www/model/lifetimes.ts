/**
 * How long objects live, by call site, out of the log of transactions. Pure; relies on the records.
 *
 * Time is counted in operations: calls that diagnosis has on record. An object lives from its request to its free. Where the log has a
 * `realloc`, the old size ends there, and the object goes on with the request of the very next operation, at whatever address. In a mode that
 * logs calls an object never changes its size in place: there such a call is in the log as a request, a copy, and a free, like two objects.
 *
 * The log is a ring. Of an object whose request or free is not in it no lifetime is known: those are counted apart. So what lives longer than
 * the log reaches back has no part in the lifetimes.
 */
import { since } from './diagnosis.ts';
import type { LogEntry, LogList } from './records.ts';

/**
 * What was given back within so many operations of its request is temporary. That is a call which makes and gives back some fifty objects:
 * what did not outlive it can be made once and used again, lie on the stack, or come from an arena that is emptied at once. What waits for
 * a whole document or frame lives for thousands.
 */
export const TEMPORARY = 100;

/** What was asked for at one call site, as far as the log knows. */
export interface SiteLives {
  /** Number of the site; 0 for all requests without one. */
  site: number;
  /** Objects whose request is in the log, and the most bytes that each had. */
  made: number;
  bytes: number;
  /** Those of them whose free is there, too. */
  back: number;
  /** Those that are held when the log ends. */
  held: number;
  heldBytes: number;
  /** Those that were given back within `TEMPORARY` operations. */
  temporary: number;
  temporaryBytes: number;
  /** Operations that those lived which were given back: half of them no longer than the median, nine of ten no longer than `most`. 0 without any. */
  median: number;
  most: number;
  longest: number;
}

export interface Lifetimes {
  /** Requests, frees and changes of size that were read. */
  calls: number;
  /** Those that the log keeps besides, and older ones that were overwritten. */
  unread: number;
  lost: number;
  /** Operations from the first of them to the last. */
  span: number;
  /** Those with the most temporary bytes first. */
  sites: readonly SiteLives[];
  /** Sums over all sites; its quantiles are those of all objects. */
  all: SiteLives;
  /** Objects that were given back or got another size, and whose request is not in the log. */
  unmade: number;
  /** Objects whose request is there, and whose address was asked for again without a free. */
  unended: number;
}

/** An object that is held at some moment of the log. */
interface Held {
  site: number;
  /** The operation that asked for it; none where that is not in the log. */
  made: number | undefined;
  bytes: number;
}

/** What is counted of a site. */
interface Tally extends Omit<SiteLives, 'median' | 'most' | 'longest'> {
  lives: number[];
}

/** Reads entries of the log in any order; what is no call is passed over. */
export function lifetimesOf({ entries, matching, lost }: LogList): Lifetimes {
  // Numbers are the low 32 bits of what is counted: of two of them, the later one is that which is less than half of all ahead.
  const calls = entries.filter(({ event }) => event === 'alloc' || event === 'free' || event === 'realloc').sort((a, b) => (a.sequence - b.sequence) | 0);
  const reader = new Reader();
  for (const call of calls) reader.read(call);
  const [first, last] = [calls[0], calls.at(-1)];
  return {
    calls: calls.length, unread: Math.max(0, matching - entries.length), lost,
    span: first === undefined || last === undefined ? 0 : since(last.operation, first.operation) + 1,
    ...reader.end(),
  };
}

/** Goes through the calls, the oldest first. */
class Reader {
  readonly #live = new Map<number, Held>();
  readonly #tallies = new Map<number, Tally>();
  /** What got another size in the call before, and the operation of that. */
  #resized: { object: Held; operation: number } | undefined;
  #unmade = 0;
  #unended = 0;

  read(call: LogEntry): void {
    if (call.event === 'alloc') {
      this.#made(call);
      return;
    }
    this.#goOn(undefined);
    const object = this.#live.get(call.address);
    this.#live.delete(call.address);
    if (object === undefined) this.#unmade += 1;
    if (call.event === 'realloc') this.#resized = { object: object ?? { site: call.site, made: undefined, bytes: call.size }, operation: call.operation };
    else if (object?.made !== undefined) this.#ended(object.site, object.bytes, since(call.operation, object.made));
  }

  end(): Pick<Lifetimes, 'sites' | 'all' | 'unmade' | 'unended'> {
    this.#goOn(undefined);
    for (const { site, made, bytes } of this.#live.values()) {
      if (made === undefined) continue;
      const tally = this.#tally(site);
      tally.held += 1;
      tally.heldBytes += bytes;
      tally.bytes += bytes;
    }
    const tallies = [...this.#tallies.values()];
    const all = nothing(0);
    for (const { lives, ...sums } of tallies) {
      for (const key of SUMS) all[key] += sums[key];
      for (const life of lives) all.lives.push(life);
    }
    const sites = tallies.map(livesOf).sort((a, b) => b.temporaryBytes - a.temporaryBytes || b.back - a.back || a.site - b.site);
    return { sites, all: livesOf(all), unmade: this.#unmade, unended: this.#unended };
  }

  #made(call: LogEntry): void {
    const object = this.#goOn(call);
    const before = this.#live.get(call.address);
    // Whoever had the address gave it back, but not in the log.
    if (before !== undefined) this.#forget(before);
    if (object === undefined) this.#tally(call.site).made += 1;
    this.#live.set(call.address, object === undefined ? { site: call.site, made: call.operation, bytes: call.size } : { ...object, bytes: Math.max(object.bytes, call.size) });
  }

  /** The object that goes on with this request, if one does; what got another size and does not go on is nowhere. */
  #goOn(call: LogEntry | undefined): Held | undefined {
    const resized = this.#resized;
    this.#resized = undefined;
    if (resized === undefined) return undefined;
    if (call !== undefined && since(call.operation, resized.operation) === 1) return resized.object;
    this.#forget(resized.object);
    return undefined;
  }

  #forget({ site, made, bytes }: Held): void {
    if (made === undefined) return;
    this.#unended += 1;
    this.#tally(site).bytes += bytes;
  }

  #ended(site: number, bytes: number, life: number): void {
    const tally = this.#tally(site);
    tally.back += 1;
    tally.bytes += bytes;
    tally.lives.push(life);
    if (life > TEMPORARY) return;
    tally.temporary += 1;
    tally.temporaryBytes += bytes;
  }

  #tally(site: number): Tally {
    const known = this.#tallies.get(site) ?? nothing(site);
    this.#tallies.set(site, known);
    return known;
  }
}

const SUMS = ['made', 'bytes', 'back', 'held', 'heldBytes', 'temporary', 'temporaryBytes'] as const;

function nothing(site: number): Tally {
  return { site, made: 0, bytes: 0, back: 0, held: 0, heldBytes: 0, temporary: 0, temporaryBytes: 0, lives: [] };
}

function livesOf({ lives, ...sums }: Tally): SiteLives {
  const sorted = lives.sort((a, b) => a - b);
  return { ...sums, median: quantile(sorted, 0.5), most: quantile(sorted, 0.9), longest: sorted.at(-1) ?? 0 };
}

/** The least of the values that so many of all are no larger than. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}
