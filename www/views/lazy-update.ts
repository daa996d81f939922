/**
 * Draws an element again for news that nobody waits for, seldom enough that drawing takes half a hundredth of the time. Relies on `Pace`.
 * Drawing a sample takes several times as long as taking it: charts and tables are drawn whole.
 */
import type { ReactiveControllerHost } from 'lit';
import { drawing, GENTLE_REST, Pace } from '../model/pace.ts';

/** Milliseconds of the longest rest. */
const LONGEST = 2000;

export class LazyUpdate {
  readonly #host: ReactiveControllerHost;
  readonly #pace = new Pace(LONGEST);
  #ended = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

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
      drawing((milliseconds) => this.#pace.note(milliseconds));
    }, Math.max(0, this.#ended + this.#pace.rest(GENTLE_REST) - performance.now()));
  }

  /** Nothing more is drawn by itself until somebody asks again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
