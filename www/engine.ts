/**
 * The only importer of the generated package: loads and starts the engine.
 *
 * Relies on `flagstone.js` and `flagstone_bg.wasm` lying beside the page's script, and on its values being copies: the engine's memory may
 * grow in any call, which would detach a view of it.
 */
import type { Engine } from './model/records.ts';

/** What the generated package exports, as far as the page uses it. */
interface Package extends Engine {
  default(): Promise<unknown>;
}

/** Loads and starts the engine; rejects with a sentence. */
export async function loadEngine(): Promise<Engine> {
  const url = new URL('./flagstone.js', import.meta.url).href;
  try {
    const loaded: Package = await import(url);
    await loaded.default();
    return loaded;
  } catch (cause) {
    throw new Error('The engine of the inspector could not be loaded (flagstone.js, flagstone_bg.wasm).', { cause });
  }
}
