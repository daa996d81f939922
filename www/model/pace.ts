/**
 * How long to rest after work that comes again and again, so that it takes a fixed share of the time however much it is. Relies on nothing.
 */

/** The interval that means: as often as the heap allows without anybody noticing. */
export const GENTLE = 0;
/** Milliseconds between the beginnings of two samples then: four a second. */
export const GENTLE_INTERVAL = 250;
/** How many times as long as it took the page rests then after taking a sample, and so after drawing one: both together are a hundredth of
 * the time. */
export const GENTLE_REST = 250;

/** Costs that are remembered: the largest of them does not count, because what is slow once by chance must not slow down what follows. */
const KEPT = 5;

export class Pace {
  readonly #longest: number;
  #costs: number[] = [];

  /** `longest` is the most milliseconds of a rest: a page that nobody sees move is no use. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Notes the milliseconds that the work took this time. */
  note(cost: number): void {
    this.#costs = [...this.#costs.slice(1 - KEPT), cost];
  }

  /** Milliseconds to rest after the work, `times` as long as it takes. */
  rest(times: number): number {
    const usual = this.#costs.length > 1 ? [...this.#costs].sort((a, b) => a - b).slice(0, -1) : this.#costs;
    const cost = usual.reduce((sum, value) => sum + value, 0) / Math.max(1, usual.length);
    return Math.min(this.#longest, cost * times);
  }
}

/** Calls `done` with the milliseconds that a page needs to draw what was changed just now; never, while the page is hidden. */
export function drawing(done: (milliseconds: number) => void): void {
  const begun = performance.now();
  let updated = 0;
  afterwards(() => {
    updated = performance.now() - begun;
  });
  // Asked for before the elements ask for theirs, and so called before those draw.
  requestAnimationFrame(() => {
    const start = performance.now();
    afterwards(() => done(updated + performance.now() - start));
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
