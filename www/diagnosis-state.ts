/**
 * What the inspector knows and was asked of diagnosis, each with one comment; a part of the state. Relies on the atoms and the model.
 * Elements never write here: `inspector-app` and `diagnosis.ts` set what changes.
 */
import { Atom } from './atom.ts';
import { WHOLE_LOG, type Audit, type FlameChoice, type LifeOrder, type LogPage, type LogQuery, type Past, type Sent, type SiteOrder } from './model/diagnosis.ts';
import type { Frames } from './model/frames.ts';
import { GrowthWatch } from './model/growth.ts';

export class DiagnosisState {
  /** The newest report, or why there is none. */
  readonly audit = new Atom<Audit>(undefined);
  /** Faults that there were when a person last looked at them. */
  readonly seen = new Atom(0);
  /** Number of the fault that is looked at. */
  readonly fault = new Atom<number | undefined>(undefined);

  /** Number of the call site that is looked at. */
  readonly site = new Atom<number | undefined>(undefined);
  /** Order of the table of sites. */
  readonly siteOrder = new Atom<SiteOrder>({ key: 'liveBytes', descending: true });
  /** Filter text of sites. */
  readonly siteFilter = new Atom('');
  /** What the flame graph shows. */
  readonly flame = new Atom<FlameChoice>({ measure: 'liveBytes', by: 'stack', focus: '' });
  /** Names of the frames that were asked for so far. */
  readonly frames = new Atom<Frames>(new Map());

  /** What only grows; changes inside, `touch`ed after each reading. */
  readonly growth = new Atom(new GrowthWatch());
  /** Readings of it, ever. */
  readonly grown = new Atom(0);

  /** The calls in the log; read only while lifetimes are looked at. */
  readonly calls = new Atom<LogPage | undefined>(undefined);
  /** Order of the table of lifetimes. */
  readonly lifeOrder = new Atom<LifeOrder>({ key: 'temporaryBytes', descending: true });

  /** Which entries of the logs are listed. */
  readonly logQuery = new Atom<LogQuery>(WHOLE_LOG);
  /** What the query came to; read only while it is looked at. */
  readonly log = new Atom<LogPage | undefined>(undefined);
  /** The address whose past was asked for, and that. */
  readonly past = new Atom<Past | undefined>(undefined);

  /** Why the log could not be saved as a trace; empty where it could. */
  readonly traceTrouble = new Atom('');
  /** The last text that was left for the module. */
  readonly sent = new Atom<Sent | undefined>(undefined);

  atoms(): { watch(watcher: () => void): () => void }[] {
    return [this.audit, this.seen, this.fault, this.site, this.siteOrder, this.siteFilter, this.flame, this.frames, this.grown, this.calls, this.lifeOrder, this.logQuery, this.log, this.past, this.traceTrouble, this.sent];
  }
}
