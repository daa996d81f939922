/** The worker that searches a copy of a memory for leaks: a script of its own, beside that of the page. It serves one task and is ended then. */
import { loadEngine } from './engine.ts';
import type { LeakNews, LeakTask } from './leak-finder.ts';

/** Milliseconds between two news of how far it is. */
const BETWEEN_NEWS = 60;

const say = (news: LeakNews): void => postMessage(news);
const failed = (error: unknown): void => say({ kind: 'failed', sentence: error instanceof Error ? error.message : String(error) });

try {
  const engine = await loadEngine();
  addEventListener('message', ({ data }: MessageEvent<LeakTask>) => {
    try {
      const scan = new engine.LeakScan(data.bytes, data.root, data.options);
      for (;;) {
        const progress = scan.step(BETWEEN_NEWS);
        say({ kind: 'progress', progress });
        if (progress.ended) break;
      }
      say({ kind: 'report', report: scan.report() });
    } catch (error) {
      failed(error);
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  failed(error);
}
