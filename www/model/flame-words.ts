/** The words and colours of a flame graph. Pure; relies on the tree, the formats and the names of sites. */
import type { Measure } from './diagnosis.ts';
import type { FlameNode } from './flame.ts';
import { bytes, count, plural, share } from './format.ts';
import { crateOf } from './frames.ts';
import { errorWords } from './site-rows.ts';

export const MEASURES: readonly { measure: Measure; label: string; unit: 'bytes' | 'count'; live: boolean }[] = [
  { measure: 'liveBytes', label: 'Live bytes', unit: 'bytes', live: true },
  { measure: 'liveCount', label: 'Live objects', unit: 'count', live: true },
  { measure: 'bytes', label: 'Total bytes', unit: 'bytes', live: false },
  { measure: 'count', label: 'Total objects', unit: 'count', live: false },
];

/** `≈ 1.5 MiB`, `12 objects` */
export function flameValue({ value, exact }: Pick<FlameNode, 'value' | 'exact'>, measure: Measure): string {
  const unit = MEASURES.find((known) => known.measure === measure)?.unit;
  return `${exact ? '' : '≈ '}${unit === 'bytes' ? bytes(Math.round(value)) : plural(Math.round(value), 'object')}`;
}

export function flameError({ value, samples, exact }: Pick<FlameNode, 'value' | 'samples' | 'exact'>): string {
  return errorWords(value, samples, exact);
}

/** All of a node in a sentence. */
export function flameWords(at: FlameNode, root: FlameNode, measure: Measure): string {
  const live = MEASURES.find((known) => known.measure === measure)?.live === true;
  const error = flameError(at);
  const of = at === root ? '' : ` (${share(at.value, root.value)} of all)`;
  const how = error === '' ? '' : `, ${error}, worked out from ${plural(at.samples, 'sample')}`;
  const right = at.self > 0 && at.children.length > 0 ? ` ${share(at.self, at.value)} of it right here.` : '';
  const place = at.place === '' ? '' : `, ${at.place}`;
  return `${at.name}${place}: ${flameValue(at, measure)} ${live ? 'live' : 'asked for so far'}${of}${how}.${right}`;
}

/** Colours of bars: the same for the functions of a crate; 0 for what has no name. */
export const COLOURS = 6;

export function flameColour(at: FlameNode): number {
  const crate = crateOf(at.name) || (at.name.startsWith('+0x') || at.parent === undefined ? '' : at.name);
  if (crate === '') return 0;
  let hash = 0;
  // Functions of one crate differ in their modules: these tell bars apart where all is of one crate.
  for (const letter of `${crate}${/::(\w+)/.exec(at.name)?.[1] ?? ''}`) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  return 1 + (hash % (COLOURS - 1));
}

/** `12 sites`: how many places a table or a graph stands for. */
export function sitesWords(shown: number, all: number): string {
  return shown === all ? count(all) : `${count(shown)} of ${count(all)}`;
}
