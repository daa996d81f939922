/** A line in the program that lets people open the inspector on it: by the page's address or from the console. The inspector is loaded when it is asked for. */
import { targetOf } from './target.ts';
import type { Served } from './types/agent.d.ts';
import type { AttachOptions, HeapInspector } from './types/element.d.ts';
import type { Opener } from './types/open.d.ts';

const CHANNEL = 'flagstone';
/** The word in the address of the page. */
const WORD = 'heap-inspector';

interface Offered {
  source: Served;
  options: AttachOptions;
  panel: Promise<HeapInspector> | undefined;
}

const offered: Offered[] = [];

async function panel(): Promise<HeapInspector> {
  await import('./element.ts');
  const made = document.createElement('heap-inspector');
  made.mode = 'panel';
  // Not into the body: what a program draws there may take the place of all that is in it.
  document.documentElement.append(made);
  return made;
}

/** The panel of a heap that is offered; another one where the last was closed. */
async function panelOf(heap: Offered): Promise<HeapInspector> {
  const last = await heap.panel?.catch(() => undefined);
  if (last?.isConnected === true) return last;
  const made = await panel();
  await made.attach(heap.source, heap.options);
  return made;
}

const opener: Opener = {
  open: () => Promise.all(offered.map((heap) => heap.panel = panelOf(heap))),
  share: (channel = CHANNEL) => {
    const port = new BroadcastChannel(channel);
    const serving = import('./agent.ts').then(({ serve }) => offered.map(({ source, options }) => serve(known(source, options), port)));
    return () => {
      port.close();
      void serving.then((stops) => { for (const stop of stops) stop(); });
    };
  },
  other: async (channel = CHANNEL) => {
    const made = await panel();
    await made.attach(new BroadcastChannel(channel));
    return made;
  },
};

export function offer(source: Served, options: AttachOptions = {}): Opener {
  offered.push({ source, options, panel: undefined });
  globalThis.flagstone = opener;
  const wish = new URLSearchParams(location.search).get(WORD);
  // Whatever is offered opens; what the tab shares, or sees of others, is one thing.
  if (wish !== null && (offered.length === 1 || (wish !== 'share' && wish !== 'other'))) {
    const act = (): void => {
      if (wish === 'share') opener.share();
      else (wish === 'other' ? opener.other() : opener.open()).catch((error: unknown) => console.warn('The heap inspector could not be opened.', error));
    };
    if (document.readyState === 'loading') addEventListener('DOMContentLoaded', act, { once: true });
    else queueMicrotask(act);
  }
  return opener;
}

/** The source with what was said of it besides. */
function known(source: Served, { root, roots }: AttachOptions): Served {
  return { ...targetOf(source), ...(root === undefined ? {} : { root }), ...(roots === undefined ? {} : { roots }) };
}
