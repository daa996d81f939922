/** Snapshots that are made up: what they say is what a test gave them. For tests only. */
import type { Change, ObjectFilter, ObjectList, Snapshot, SnapshotDiff, SnapshotFigures, Tally } from '../model/records.ts';

const PARTS = { staticData: 0, stack: 0, live: 0, magazines: 0, slabFree: 0, slabOverhead: 0, arenaFree: 0, metadata: 0, foreign: 0 };

export function tally(count: number, bytes: number): Tally {
  return { count, bytes };
}

/** New, freed and surviving ones. */
export function change(fresh: Tally, freed: Tally, surviving: Tally): Change {
  const sum = (a: Tally, b: Tally): Tally => tally(a.count + b.count, a.bytes + b.bytes);
  return { new: fresh, freed, surviving, before: sum(freed, surviving), after: sum(fresh, surviving) };
}

export function figures(given: Partial<SnapshotFigures> = {}): SnapshotFigures {
  return {
    name: '', time: 0, heldBytes: 1024, memoryBytes: 131_072, pages: 2, composition: PARTS, live: tally(0, 0), allocations: 0, failures: 0, growths: 0, grownPages: 0, problems: 0,
    operations: null, watched: 0, caches: [], arenas: [], sites: [], ...given,
  };
}

export function diff(given: Partial<SnapshotDiff> = {}): SnapshotDiff {
  const nothing = change(tally(0, 0), tally(0, 0), tally(0, 0));
  const same = { before: 131_072, after: 131_072 };
  return {
    objects: nothing, allocations: 0, failures: 0, growths: 0, memoryBytes: same, pages: { before: 2, after: 2 }, composition: { before: PARTS, after: PARTS },
    caches: [], arenas: [], sites: [], tags: [], toldApart: 0, doubts: [], ...given,
  };
}

/** Says what it was asked, too. */
export class FakeSnapshot implements Snapshot {
  readonly said: SnapshotFigures;
  readonly asked: { last: boolean; filter: ObjectFilter | undefined }[] = [];
  freed = false;

  constructor(said: SnapshotFigures) {
    this.said = said;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(this.said.name);
  }

  figures(): SnapshotFigures {
    return this.said;
  }

  diff(later: Snapshot): SnapshotDiff {
    const [before, after] = [this.said.live, later.figures().live];
    return diff({ objects: { ...change(tally(0, 0), tally(0, 0), tally(0, 0)), before, after }, allocations: later.figures().allocations - this.said.allocations });
  }

  objects(_later: Snapshot, filter?: ObjectFilter): ObjectList {
    this.asked.push({ last: false, filter });
    return { matching: 0, bytes: 0, rows: [] };
  }

  objectsHeld(_later: Snapshot, _last: Snapshot, filter?: ObjectFilter): ObjectList {
    this.asked.push({ last: true, filter });
    return { matching: 0, bytes: 0, rows: [] };
  }

  free(): void {
    this.freed = true;
  }
}
