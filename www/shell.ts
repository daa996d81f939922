/**
 * Puts program, recorder and inspector together. The only place that knows of both the demo and the inspector, and all it passes on is
 * where the program's memory is and when the program works.
 */
import { WorkEvent, type DemoPanel } from './demo/demo-panel.ts';
import type { Demo } from './demo/demo.ts';
import type { Engine } from './model/records.ts';
import { litNumber, spotlightOf } from './model/objects.ts';
import { Recorder } from './recorder.ts';
import { fragment, selection } from './model/deep-link.ts';
import { State, TABS, THEMES } from './state.ts';
import type { SymbolStore } from './symbols.ts';
import type { InspectorApp } from './views/inspector-app.ts';

const THEME = 'flagstone-theme';

export interface Shell {
  state: State;
  recorder: Recorder;
}

/** Shows the page at once and fills it when engine and program are there; says what is missing when they do not come. */
export async function mount(app: InspectorApp, panel: DemoPanel, engine: Promise<Engine>, demo: Promise<Demo>, symbols: SymbolStore): Promise<Shell> {
  const state = new State();
  const recorder = new Recorder(state);
  followTheme(state);
  followAddress(state);
  app.state = state;
  app.recorder = recorder;
  app.symbols = symbols;
  recorder.diagnosis.symbols = symbols;
  panel.addEventListener('work-begins', () => recorder.sample());
  panel.addEventListener('work-ends', (event) => {
    if (event instanceof WorkEvent) recorder.sample(event.what);
  });

  const [loadedEngine, loadedDemo] = await Promise.allSettled([engine, demo]);
  if (loadedDemo.status === 'fulfilled') panel.demo = loadedDemo.value;
  else panel.failure = sentence(loadedDemo.reason);
  try {
    if (loadedEngine.status === 'rejected') throw loadedEngine.reason;
    if (loadedDemo.status === 'rejected') throw new Error('There is no running program whose memory could be read.');
    const { memory, root, roots } = loadedDemo.value;
    const target = { memory, root, roots };
    recorder.attach(loadedEngine.value.attach(target));
    state.target.set(target);
  } catch (error) {
    state.phase.set({ kind: 'failed', sentence: sentence(error) });
  }
  return { state, recorder };
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is looked at is in the address of the page, so that it can be sent to somebody, and comes from there. */
function followAddress(state: State): void {
  const { tab, chosen, filter, spotlight, diagnosis: { site } } = state;
  const read = (): void => {
    const { view, address, cache, object, site: number } = selection(location.hash, TABS);
    tab.set(TABS.find((known) => known === view) ?? 'overview');
    chosen.set(address);
    filter.set(cache ?? '');
    if (object !== undefined) spotlight.set(spotlightOf({ number: object }));
    else if (litNumber(spotlight.value) !== undefined) spotlight.set(undefined);
    site.set(number);
  };
  const write = (): void => {
    const words = fragment({ view: tab.value, address: chosen.value, cache: filter.value, object: litNumber(spotlight.value), site: site.value }, TABS[0]);
    const now = location.hash.replace(/^#/, '');
    if (words !== now) history.replaceState(null, '', words === '' ? location.pathname + location.search : `#${words}`);
  };
  read();
  addEventListener('hashchange', read);
  for (const atom of [tab, chosen, filter, spotlight, site]) atom.watch(write);
}

/** The theme is a mark on the document; what it comes to depends on the system where the choice is `auto`. */
function followTheme(state: State): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    const theme = state.theme.value;
    document.documentElement.dataset['theme'] = theme;
    state.dark.set(theme === 'dark' || (theme === 'auto' && system.matches));
  };
  system.addEventListener('change', apply);
  state.theme.watch(() => {
    apply();
    remember(state.theme.value);
  });
  state.theme.set(THEMES.find((theme) => theme === remembered()) ?? 'auto');
  apply();
}

/** Where storage is blocked, a choice is forgotten and nothing else happens. */
function remember(theme: string): void {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    return;
  }
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(THEME) ?? undefined;
  } catch {
    return undefined;
  }
}
