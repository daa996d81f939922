/**
 * The file format of speedscope, with a profile for each figure: live bytes first, then objects, what was asked for ever, and the peak.
 * Pure; relies on the profile. Described by `https://www.speedscope.app/file-format-schema.json`.
 */
import type { Amount } from './amounts.ts';
import { linesOf, type Measure, type Place, type Profile } from './profile.ts';

interface Frame {
  name: string;
  file?: string;
  line?: number;
  col?: number;
}

/** Figures that a file has, in its order. */
const PROFILES: readonly { name: string; measure: Measure; of: keyof Amount; unit: 'bytes' | 'none' }[] = [
  { name: 'Live bytes', measure: 'live', of: 'bytes', unit: 'bytes' },
  { name: 'Live objects', measure: 'live', of: 'count', unit: 'none' },
  { name: 'Bytes asked for, ever', measure: 'total', of: 'bytes', unit: 'bytes' },
  { name: 'Objects asked for, ever', measure: 'total', of: 'count', unit: 'none' },
  { name: 'Bytes at the peak', measure: 'peak', of: 'bytes', unit: 'bytes' },
];

export function speedscope(profile: Profile): string {
  const frames: Frame[] = [];
  const known = new Map<string, number>();
  const index = ({ name, file, line, column }: Place): number => {
    const key = JSON.stringify([name, file, line, column]);
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, frames.length);
    frames.push({ name, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { col: column }) });
    return frames.length - 1;
  };
  const stacks = profile.stacks.map((stack) => ({ stack, way: linesOf(stack).reverse().map(index) }));
  const profiles = PROFILES.filter(({ measure }) => measure !== 'peak' || profile.peakKnown).map(({ name, measure, of, unit }) => {
    const some = stacks.filter(({ stack }) => stack[measure][of] > 0);
    return {
      type: 'sampled', name, unit, startValue: 0, endValue: profile[measure][of],
      samples: some.map(({ way }) => way), weights: some.map(({ stack }) => stack[measure][of]),
    };
  });
  return JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json', name: profile.program, exporter: 'flagstone', activeProfileIndex: 0, shared: { frames }, profiles,
  });
}
