/**
 * Gathers what is exported from the page: the newest sample and report, names of frames, what was recorded. Loaded with the menu for it.
 * In a pause the sample is the one that is shown, so that totals are those on the screen; else it is a new one. The report is always new: for
 * views that do not show it, it is read but now and then.
 */
import type { Records } from './exports/profile.ts';
import { auditOf, logOf, readingOf } from './exports/reading.ts';
import type { Frames } from './model/frames.ts';
import { higher, type Reading } from './model/peak.ts';
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
  const peak = higher(state.diagnosis.peak, now);
  const history = state.history.value;
  const moments = Array.from({ length: history.length }, (_, index) => history.at(index)).filter((moment) => moment !== undefined);
  const leaks = state.leaks.value;
  const frames = await framesOf([now, peak], symbols);
  return {
    program, at: Date.now(), now, peak, name: (offset) => frames.get(offset) ?? [], moments, growths: history.growths, log: logOf(heap),
    leaks: leaks.kind === 'found' ? leaks.report : undefined,
  };
}

async function framesOf(readings: readonly Reading[], symbols: Pick<SymbolStore, 'resolve'> | undefined): Promise<Frames> {
  const offsets = new Set(readings.flatMap(({ audit }) => audit?.sites.flatMap(({ frames }) => frames) ?? []));
  return offsets.size === 0 || symbols === undefined ? new Map() : symbols.resolve(offsets);
}
