/**
 * The only importer of the generated package: loads the engine, gives its values their types, and hands out copies.
 *
 * Relies on `flagstone.js` and `flagstone_bg.wasm` lying beside the page's script. The engine's memory may grow in any
 * call, which detaches every view of it, so nothing that could be a view leaves this file and none is kept.
 */
import type { ArenaRow, CacheRow, CheckReport, Engine, Heap, HeapMap, Summary, Target, Whatis } from './model/records.ts';

/** What the generated package exports, as far as the page uses it; its values are untyped. */
interface Package {
  default(): Promise<unknown>;
  attach(target: Target): Inspector;
  open(bytes: Uint8Array, root?: number): Inspector;
}

interface Inspector {
  summary(): unknown;
  caches(): unknown;
  arenas(): unknown;
  map(granule: number): unknown;
  whatis(address: number): unknown;
  check(): unknown;
  free(): void;
}

/** Loads and starts the engine; rejects with a sentence. */
export async function loadEngine(): Promise<Engine> {
  const url = new URL('./flagstone.js', import.meta.url).href;
  let loaded: Package;
  try {
    loaded = (await import(url)) as Package;
    await loaded.default();
  } catch (cause) {
    throw new Error('The engine of the inspector could not be loaded (flagstone.js, flagstone_bg.wasm).', { cause });
  }
  return {
    attach: (target) => typed(loaded.attach(target)),
    open: (bytes, root) => typed(loaded.open(bytes, root)),
  };
}

function typed(inspector: Inspector): Heap {
  return {
    summary: () => inspector.summary() as Summary,
    caches: () => inspector.caches() as CacheRow[],
    arenas: () => inspector.arenas() as ArenaRow[],
    map: (granule) => {
      const map = inspector.map(granule) as HeapMap;
      return { ...map, owner: map.owner.slice(), cache: map.cache.slice(), live: map.live.slice() };
    },
    whatis: (address) => {
      const found = inspector.whatis(address) as Whatis;
      return found.slab === undefined ? found : { ...found, slab: { ...found.slab, states: Uint8Array.from(found.slab.states) } };
    },
    check: () => inspector.check() as CheckReport,
    close: () => inspector.free(),
  };
}
