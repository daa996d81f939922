/**
 * DHAT's file, version 2: for `dh_view.html` of valgrind and the Firefox Profiler. Pure; relies on the profile.
 *
 * Time is counted in operations of the heap. `t-end` is when the profile was read, `t-gmax` its peak: the highest of the moments that were
 * read, or the end where there is none. How long objects lived is known at most of the last calls, from the log, and of no site in
 * full: total lifetimes are 0. The maximum of a stack is the larger of its two figures.
 */
import { placeOf } from '../model/symbols.ts';
import { most } from './amounts.ts';
import { linesOf, merged, type Place, type Profile, type Stack } from './profile.ts';

/** The first frame of each table is this, and no stack has it. */
const ROOT = '[root]';
/** Objects that lived for less are short-lived, says a viewer: there are no lifetimes to compare. */
const SHORT = 1;

export function dhat(profile: Profile): string {
  const frames = [ROOT];
  const known = new Map<string, number>();
  const index = (text: string): number => {
    const found = known.get(text);
    if (found !== undefined) return found;
    known.set(text, frames.length);
    return frames.push(text) - 1;
  };
  const texts = (stack: Stack): string[] => linesOf(stack).map((place) => frameText(place, profile.program));
  // Viewers take no two points with the same stack.
  const points = merged(profile.stacks, (stack) => texts(stack).join('\n'), texts).map(({ made, live, total, peak }) => {
    const highest = most(live, peak);
    return {
      tb: total.bytes, tbk: total.count, tl: 0, mb: highest.bytes, mbk: highest.count, gb: peak.bytes, gbk: peak.count, eb: live.bytes, ebk: live.count, fs: made.map(index),
    };
  });
  return JSON.stringify({
    dhatFileVersion: 2, mode: 'flagstone-heap', verb: 'Allocated', bklt: true, bkacc: false, bksu: 'objects', tu: 'ops', Mtu: 'Mops', tuth: SHORT,
    cmd: profile.program, pid: 0, tg: profile.peakOperations, te: profile.operations, pps: points, ftbl: frames,
  });
}

/** `0x4F8: demo::Index::add (src/index.rs:52:17)`, or with the module where the file is not known; only the name of what is no code. */
function frameText({ address, name, file, line, column }: Place, program: string): string {
  const place = placeOf({ function: name, file, line, column, inlined: false });
  const text = address === undefined ? name : `0x${address.toString(16).toUpperCase()}: ${name} (${place === '' ? `in ${program}` : place})`;
  return text.replace(/\s+/g, ' ');
}
