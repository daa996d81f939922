/**
 * What was recorded over time as trace events: counters for each sample, and an instant for each growth of memory. For Perfetto and Chrome's
 * own viewers. Pure; relies on the profile. Times are microseconds from the beginning of the recording.
 */
import type { Moment, Profile } from './profile.ts';

const PID = 1;
const MICROS = 1_000_000;

/** Each is a track of its own. */
const COUNTERS: readonly { name: string; key: string; value(moment: Moment): number }[] = [
  { name: 'live', key: 'bytes', value: ({ liveBytes }) => liveBytes },
  { name: 'held by the heap', key: 'bytes', value: ({ heldBytes }) => heldBytes },
  { name: 'linear memory', key: 'bytes', value: ({ memoryBytes }) => memoryBytes },
  { name: 'pages', key: 'count', value: ({ pages }) => pages },
];

export function traceEvents(profile: Profile): string {
  const { program, moments, growths } = profile;
  const named = { ph: 'M', pid: PID, tid: 0, ts: 0, name: 'process_name', args: { name: program } };
  const counters = moments.flatMap((moment) => COUNTERS.map(({ name, key, value }) =>
    ({ ph: 'C', pid: PID, tid: 0, ts: micros(moment.time), name, cat: 'heap', args: { [key]: value(moment) } })));
  const instants = growths.map(({ time, ...args }) => ({
    ph: 'i', s: 'p', pid: PID, tid: 0, ts: micros(time), cat: 'heap', name: `memory grew by ${args.toPages - args.fromPages} pages`, args,
  }));
  const events = [...counters, ...instants].sort((a, b) => a.ts - b.ts);
  return JSON.stringify({ displayTimeUnit: 'ms', otherData: { exporter: 'flagstone', program }, traceEvents: [named, ...events] });
}

function micros(seconds: number): number {
  return Math.round(seconds * MICROS);
}
