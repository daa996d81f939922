/** What diagnosis knows of the heap; read by `audit()`, and `null` there for a module that was built without the feature `audit`. */
export interface AuditReport {
  /** Mode of the front end, in the words of `configure`: `off`, `lite`, `all`, `redzone+poison`, ... */
  mode: string;
  /** Modes of object caches that have one. */
  cacheModes: { number: number; name: string; mode: string }[];
  /** What is done about a fault. */
  policy: 'trap' | 'continue';
  /** Bytes between two samples on the average; 0 where nothing is sampled. */
  samplingBytes: number;
  /** Operations that were recorded, ever. */
  operations: number;
  /** Milliseconds of the host's clock at the last of them; 0 without a clock. */
  time: number;
  /** Objects that are never given out again, because something is wrong with them. */
  abandoned: number;
  quarantinedObjects: number;
  quarantinedBytes: number;
  quarantineLimitBytes: number;
  /** Operations after which an object leaves the quarantine; 0 for any number. */
  quarantineAge: number;
  /** Objects that are watched now: sampled ones, and those with guards. */
  watched: number;
  /** Faults, ever; `faults` has the last 16. */
  faultsEver: number;
  faults: FaultRow[];
  sites: SiteRow[];
  tags: TagRow[];
  logs: LogRow[];
  injection: InjectionRow | null;
  exhaustion: ExhaustionRow | null;
  reserveBytes: number;
  /** What became of the last `configure`. */
  command: 'none' | 'waiting' | 'done' | 'refused';
}

/** A place in the program that asked for memory. Bytes and counts are estimates from samples, unbiased; exact where all is watched. */
export interface SiteRow {
  /** Its number, from 1 on. */
  id: number;
  /** Number of its tag; 0 for none. */
  tag: number;
  /** Names of its tags, the outermost first. */
  tags: string[];
  /** Byte offsets in the module, the innermost first; empty where only the tag is known. */
  frames: number[];
  liveBytes: number;
  liveCount: number;
  /** Ever. */
  bytes: number;
  count: number;
  samples: number;
  liveSamples: number;
  /** Age of the oldest and of the newest live sample: operations. */
  oldest: number;
  newest: number;
}

/** A scoped tag. */
export interface TagRow {
  id: number;
  /** Number of the tag it is within; 0 for none. */
  parent: number;
  name: string;
  entries: number;
}

/** What went wrong, once. */
export interface FaultRow {
  id: number;
  /** `modified`, `redzone`, `double free`, `bad address`, `bad tag`, `bad record`, `wrong cache`, `wrong size`, `interior`. */
  kind: string;
  /** What it was taken for at first, if that was something else. */
  reported: string;
  /** What the program was doing: `alloc`, `free`, `realloc`, `check`. */
  doing: string;
  /** All of it in a sentence or two. */
  sentence: string;
  /** What to do about it. */
  advice: string;
  address: number;
  /** Where the object begins; 0 where there is none. */
  object: number;
  size: number;
  align: number;
  givenSize: number;
  givenAlign: number;
  cache: string;
  givenCache: string;
  segment: number;
  segmentBytes: number;
  place: string;
  /** First damaged byte from the beginning of the object on, negative before it; `null` where no byte is damaged. */
  offset: number | null;
  damagedBytes: number;
  expected: number;
  found: number;
  /** Numbers of sites; 0 where none was recorded. */
  allocSite: number;
  freeSite: number;
  site: number;
  allocOperation: number;
  freeOperation: number;
  operation: number;
  allocTime: number;
  freeTime: number;
  time: number;
  outcome: string;
  /** Memory around it: address of the first byte, and the bytes. */
  aroundAt: number;
  around: Uint8Array;
  /** Its last entries in the log, the newest first. */
  history: LogEntry[];
}

/** A log. */
export interface LogRow {
  /** `transactions`, `contents`, `failures`, `slabs`. */
  name: string;
  entries: number;
  /** Entries that can still be read. */
  kept: number;
  bytes: number;
}

export interface LogEntry {
  sequence: number;
  /** `alloc`, `free`, `realloc`, `contents`, `failure`, `injected`, `slab made`, `slab gone`, `check`, `released`. */
  event: string;
  operation: number;
  time: number;
  address: number;
  size: number;
  align: number;
  cache: string;
  site: number;
  /** For `contents` the first bytes as they were. */
  contents?: Uint8Array;
}

/** Which entries of the logs to list; each narrows. Without `logs`, all of them. */
export interface LogFilter {
  logs?: string[];
  events?: string[];
  /** Entries whose object has this address in it. */
  address?: number;
  site?: number;
  cache?: string;
  /** From this operation on, and before that one. */
  from?: number;
  to?: number;
  /** 500 where nothing is said; at most 10,000. */
  limit?: number;
}

/** Newest first. */
export interface LogList {
  entries: LogEntry[];
  /** Entries that the filter takes; `entries` may be fewer. */
  matching: number;
  /** Entries that were overwritten, ever. */
  lost: number;
}

export interface InjectionRow {
  oneIn: number;
  nth: number;
  times: number;
  looked: number;
  failed: number;
}

/** A request that there was no memory for, and who held the memory. */
export interface ExhaustionRow {
  count: number;
  operation: number;
  time: number;
  size: number;
  align: number;
  cache: string;
  site: number;
  memoryBytes: number;
  freeBytes: number;
  reserveUsed: boolean;
  sites: { site: number; bytes: number; count: number }[];
  caches: { name: string; bytes: number; count: number }[];
}
