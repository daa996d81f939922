/**
 * The formats there are: what each holds, which tools open it, and how it is made. Relies on the writers beside it; makes nothing by itself.
 */
import type { Heap } from '../model/records.ts';
import { collapsed } from './collapsed.ts';
import { csv, json, type Table } from './csv.ts';
import { dhat } from './dhat.ts';
import { documentOf } from './document.ts';
import { heapProfile } from './heap-profile.ts';
import { heapSnapshot } from './heap-snapshot.ts';
import { treeOf } from './heap-tree.ts';
import { gzipped, pprof } from './pprof.ts';
import { profileOf, type Profile, type Records } from './profile.ts';
import { speedscope } from './speedscope.ts';
import { traceEvents } from './trace-events.ts';

/** What is exported. */
export interface Source {
  records: Records;
  profile: Profile;
  /** The heap itself; none where all there is are records that were saved. */
  heap?: Pick<Heap, 'sample' | 'segments'> | undefined;
}

export type Content = string | Uint8Array<ArrayBuffer>;

export interface Format {
  id: string;
  label: string;
  /** The end of a file's name, by which tools know it. */
  suffix: string;
  type: string;
  /** What is in it, and what opens it, in a line each. */
  holds: string;
  opens: string;
  make(source: Source): Content | Promise<Content>;
}

const JSON_TYPE = 'application/json';

export const FORMATS: readonly Format[] = [
  {
    id: 'dhat', label: 'DHAT', suffix: 'dhat.json', type: JSON_TYPE, holds: 'Who held memory now, at the peak, and ever, by stack.',
    opens: 'dh_view.html of valgrind, Firefox Profiler', make: ({ profile }) => dhat(profile),
  },
  {
    id: 'pprof', label: 'pprof', suffix: 'pb.gz', type: 'application/gzip', holds: 'The same as samples with addresses, lines and tags.',
    opens: 'go tool pprof, speedscope, Pyroscope', make: ({ profile }) => gzipped(pprof(profile)),
  },
  {
    id: 'speedscope', label: 'speedscope', suffix: 'speedscope.json', type: JSON_TYPE, holds: 'Flame graphs of live bytes and objects, of all that was asked for, and of the peak.',
    opens: 'speedscope', make: ({ profile }) => speedscope(profile),
  },
  {
    id: 'collapsed', label: 'Collapsed stacks', suffix: 'folded.txt', type: 'text/plain', holds: 'Live bytes, a line for each stack.',
    opens: 'flamegraph.pl, inferno, speedscope, Firefox Profiler', make: ({ profile }) => collapsed(profile),
  },
  {
    id: 'heapprofile', label: 'Chrome heap profile', suffix: 'heapprofile', type: JSON_TYPE, holds: 'Live bytes as a tree of calls.',
    opens: 'DevTools (Memory, Load profile), speedscope', make: ({ profile }) => heapProfile(profile),
  },
  {
    id: 'heapsnapshot', label: 'Chrome heap snapshot', suffix: 'heapsnapshot', type: JSON_TYPE, holds: 'The whole memory, read anew: arena, caches, slabs, each object; compare two of them.',
    opens: 'DevTools (Memory, Load profile), memlab', make: ({ heap }) => {
      if (heap === undefined) throw new Error('A saved document has no objects, so there is no heap snapshot of it.');
      return heapSnapshot(treeOf(heap));
    },
  },
  {
    id: 'trace', label: 'Trace events', suffix: 'trace.json', type: JSON_TYPE, holds: 'Live bytes, held bytes and memory over time, with each growth.',
    opens: 'Perfetto', make: ({ profile }) => traceEvents(profile),
  },
  {
    id: 'document', label: 'All of it', suffix: 'flagstone.json', type: JSON_TYPE, holds: 'Every record as JSON, from which each other format can be made later.',
    opens: 'this menu', make: ({ records }) => documentOf(records),
  },
];

/** The formats that something can be exported as. */
export function formatsOf({ heap }: Source): readonly Format[] {
  return heap === undefined ? FORMATS.filter(({ id }) => id !== 'heapsnapshot') : FORMATS;
}

/** A table as a format; the label is that of its button. */
export function tableFormat(table: Table, as: 'csv' | 'json'): Format {
  const parts = { id: `${table.id}-${as}`, label: as.toUpperCase(), suffix: `${table.id}.${as}`, holds: table.title };
  return as === 'csv' ? { ...parts, type: 'text/csv', opens: 'spreadsheets', make: () => csv(table) } : { ...parts, type: JSON_TYPE, opens: 'programs', make: () => json(table) };
}

export function sourceOf(records: Records, heap?: Source['heap']): Source {
  return { records, profile: profileOf(records), heap };
}

/** `demo-20261121-120000.dhat.json`: the program without what files cannot be called, and the time, in UTC. */
export function fileName({ program, at }: Records, { suffix }: Format): string {
  const name = program.replace(/\.(?:wasm|json)$/, '').replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  const time = new Date(at).toISOString().replace(/[-:]|\..*$/g, '').replace('T', '-');
  return `${name === '' ? 'heap' : name}-${time}.${suffix}`;
}
