/**
 * Draws an element again for news that nobody waits for, seldom enough that drawing takes a small share of the time. Relies on `Pace`.
 * Drawing a sample takes several times as long as taking it: charts and tables are drawn whole.
 */
import type { ReactiveControllerHost } from 'lit';
import { GENTLE_REST, Pace } from '../model/pace.ts';

/** Milliseconds of the longest rest. */
const LONGEST = 2000;

export class LazyUpdate {
  readonly #host: ReactiveControllerHost;
  readonly #pace = new Pace(LONGEST);
  #ended = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it is not yet known what the last drawing took. */
  #measuring = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  /** There is something new to draw. */
  ask(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ended = performance.now();
      this.#host.requestUpdate();
      // A page that is hidden draws nothing until it is shown.
      if (this.#measuring || document.hidden) return;
      this.#measuring = true;
      drawing((milliseconds) => {
        this.#measuring = false;
        this.#pace.note(milliseconds);
      });
    }, Math.max(0, this.#ended + this.#pace.rest(GENTLE_REST) - performance.now()));
  }

  /** Nothing more is drawn by itself until somebody asks again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Calls `done` with the milliseconds that a page needs to draw what was changed just now, once it has. */
function drawing(done: (milliseconds: number) => void): void {
  const begun = performance.now();
  let updated: number | undefined;
  afterwards(() => {
    updated ??= performance.now() - begun;
  });
  // Asked for before the elements ask for theirs, and so called before those draw.
  requestAnimationFrame(() => {
    const start = performance.now();
    updated ??= 0;
    const before = updated;
    afterwards(() => done(before + performance.now() - start));
  });
}

/** Calls `then` in the next task: what the one before left to be done at its end is done by then. */
function afterwards(then: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then();
  };
  port2.postMessage(undefined);
}
