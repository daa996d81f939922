/**
 * What the sources of the package see of the engine. In the package itself the generated `flagstone.d.ts` is in the place of this file,
 * and `package.test.ts` compiles the other declarations against that one.
 */
import type { ArenaRow, CacheRow, Summary, Target } from '../../../crate/inspector/bindings.d.ts';
import type { DumpOptions, DumpOrigin, DumpParts } from '../../../crate/inspector/dump.d.ts';
import type { LeakOptions, LeakReport } from '../../../crate/inspector/leaks.d.ts';
import type { Engine, Heap } from '../../model/records.ts';

export type * from '../../../crate/inspector/audit.d.ts';
export type * from '../../../crate/inspector/bindings.d.ts';
export type * from '../../../crate/inspector/dump.d.ts';
export type * from '../../../crate/inspector/leaks.d.ts';
export type * from '../../../crate/inspector/snapshots.d.ts';
export type * from '../../../crate/inspector/verdict.d.ts';

export interface Inspector extends Heap {
  summary(): Summary;
  caches(): CacheRow[];
  arenas(): ArenaRow[];
  leaks(options?: LeakOptions | null): LeakReport;
  dump(options?: DumpOptions | null): DumpParts;
  free(): void;
  readonly root: number;
  readonly origin: DumpOrigin | null;
}

export const LeakScan: Engine['LeakScan'];
export function attach(target: Target): Inspector;
export function open(bytes: Uint8Array, root?: number | null): Inspector;
export function initSync(module: { module: BufferSource | WebAssembly.Module }): unknown;
export default function init(from?: { module_or_path: BufferSource | WebAssembly.Module | URL | Response }): Promise<unknown>;
