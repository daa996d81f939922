/**
 * Gathers what is exported from the page: the newest sample and report, names of frames, what was recorded. Loaded with the menu for it.
 * In a pause the sample is the one that is shown, so that totals are those on the screen; else it is a new one. The report is always new: for
 * views that do not show it, it is read but now and then.
 */
import { peakOf, type Records } from './exports/profile.ts';
import { auditOf, logOf, readingOf } from './exports/reading.ts';
import type { Frames } from './model/frames.ts';
import type { SiteRow } from './model/records.ts';
import type { Recorder } from './recorder.ts';
import type { State } from './state.ts';
import type { SymbolStore } from './symbols.ts';

/** All of it, under the name of the program. Rejects with a sentence where there is no heap. */
export async function gathered(program: string, state: State, recorder: Recorder, symbols: Pick<SymbolStore, 'resolve'> | undefined): Promise<Records> {
  const { heap } = recorder;
  recorder.sample();
  const summary = state.summary.value;
  if (heap === undefined || summary === undefined) throw new Error('There is no heap that could be read.');
  const { objectCaches, budgets, refusal } = state.objects.value;
  const sample = { summary, caches: [...state.caches.value], arenas: [...state.arenas.value], objectCaches, budgets, refusal };
  const now = readingOf(sample, auditOf(heap));
  const history = state.history.value;
  const highest = history.peaks.peak;
  // The sites of a peak are those that were read before it; of this moment there are newer ones.
  const peak = highest === undefined || highest.liveBytes <= summary.liveBytes ? peakOf(now, highest?.time) : highest;
  const moments = Array.from({ length: history.length }, (_, index) => history.at(index)).filter((moment) => moment !== undefined);
  const leaks = state.leaks.value;
  const frames = await framesOf([...now.audit?.sites ?? [], ...peak.sites], symbols);
  return {
    program, at: Date.now(), now, peak, name: (offset) => frames.get(offset) ?? [], moments, growths: history.growths, log: logOf(heap),
    leaks: leaks.kind === 'found' ? leaks.report : undefined,
  };
}

async function framesOf(sites: readonly SiteRow[], symbols: Pick<SymbolStore, 'resolve'> | undefined): Promise<Frames> {
  const offsets = new Set(sites.flatMap(({ frames }) => frames));
  return offsets.size === 0 || symbols === undefined ? new Map() : symbols.resolve(offsets);
}
