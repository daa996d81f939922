/**
 * The demo program: loads the document workbench (Rust, compiled to WebAssembly) and says where its memory is. Knows nothing of the
 * inspector. Relies on `flagstone_demo.js` and `flagstone_demo_bg.wasm` lying beside the page's script.
 */

export interface DocumentInfo {
  id: number;
  name: string;
  kind: 'markdown' | 'json' | 'csv' | 'script';
  bytes: number;
  summary: string;
  details: [string, string][];
  milliseconds?: number;
}

/** Bytes that became free in the program's heap at each step of giving memory back. */
export interface Reclaimed {
  /** Objects that lay ready in caches. */
  depots: number;
  /** Memory that lay ready for small allocations of all kinds. */
  slabs: number;
  /** What can be made again: previews. */
  owners: number;
  /** Holes that closed when documents moved together. */
  moves: number;
}

/** A preview that lies in the program's memory. */
export interface Preview {
  readonly text: string;
  free(): void;
}

/** Keeps documents open. Every call may throw an `Error` whose message is a sentence. */
export interface Workbench {
  open(name: string, bytes: Uint8Array): DocumentInfo;
  close(id: number): boolean;
  closeAll(): void;
  list(): DocumentInfo[];
  render(id: number, limit: number): string;
  /** The same as an object of the program: what it holds goes when it is told `free()`. */
  preview(id: number, limit: number): Preview;
  /** How many lines have a word in them; not all are counted. */
  search(word: string): number;
  /** Gives back what was not needed lately, and moves a few documents together: for moments in which nothing else happens. */
  tick(): void;
  /** Gives back all memory that can be spared; documents stay open. */
  reclaim(): Reclaimed;
}

export interface Demo {
  workbench: Workbench;
  /** Makes a mistake with memory, which ends the program. */
  provoke(mistake: string): void;
  /** The exports of the running module. */
  memory: WebAssembly.Memory;
  root: WebAssembly.Global | undefined;
  /** The addresses that JavaScript holds: those in the wrappers of exported structs. */
  roots: () => number[];
}

interface Package {
  default(): Promise<{ memory: WebAssembly.Memory; __flagstone_root?: WebAssembly.Global }>;
  Workbench: new () => Workbench & { __wbg_ptr: number };
  provoke(mistake: string): void;
}

/** Loads and starts the program; rejects with a sentence. */
export async function loadDemo(): Promise<Demo> {
  const url = new URL('./flagstone_demo.js', import.meta.url).href;
  try {
    const loaded: Package = await import(url);
    const exports = await loaded.default();
    const workbench = new loaded.Workbench();
    return { workbench, provoke: loaded.provoke, memory: exports.memory, root: exports.__flagstone_root, roots: () => [workbench.__wbg_ptr] };
  } catch (cause) {
    throw new Error('The demo program could not be loaded (flagstone_demo.js, flagstone_demo_bg.wasm).', { cause });
  }
}

/** The file of the running module, from which the sites of its allocations get their names. */
export async function fetchModule(): Promise<ArrayBuffer> {
  return fetched('flagstone_demo_bg.wasm');
}

/** The module with its debug sections: ten megabytes, for those who ask for lines. */
export const DEBUG_FILE = { name: 'flagstone_demo.debug.wasm', fetch: () => fetched('flagstone_demo.debug.wasm') };

async function fetched(name: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(`./${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name} could not be loaded (status ${response.status}).`);
  return response.arrayBuffer();
}

/** A small file that is shipped with the page. */
export interface Sample {
  name: string;
  bytes: number;
}

/** The shipped samples; none when the page was built without them. */
export async function listSamples(): Promise<Sample[]> {
  const response = await fetch(new URL('./samples/list.json', import.meta.url));
  if (!response.ok) return [];
  const list: Sample[] = await response.json();
  return list;
}

export async function fetchSample(name: string): Promise<Uint8Array> {
  const response = await fetch(new URL(`./samples/${encodeURIComponent(name)}`, import.meta.url));
  if (!response.ok) throw new Error(`The sample ${name} could not be loaded (status ${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}
