/**
 * Collapsed stacks: a line for each stack, `root;…;leaf 1234`. For flamegraph.pl, inferno, speedscope and the Firefox Profiler.
 * Pure; relies on the profile. The format has no way to write a `;` inside of a name, so that is a `:`, as others do; a line break is a space.
 */
import { linesOf, merged, type Measure, type Profile, type Stack } from './profile.ts';

/** Stacks with nothing of the measure are left out; the numbers are bytes and add up to what the profile says. */
export function collapsed(profile: Profile, measure: Measure = 'live'): string {
  return merged(profile.stacks, way, way).filter((stack) => stack[measure].bytes > 0).map((stack) => `${stack.made} ${stack[measure].bytes}\n`).join('');
}

function way(stack: Stack): string {
  return linesOf(stack).map(({ name }) => bare(name)).reverse().join(';');
}

/** Control characters, and what Unicode takes for the end of a line, are spaces. */
function bare(name: string): string {
  return name.replaceAll(';', ':').replace(/[\s\p{Cc}]+/gu, ' ').trim() || '?';
}
