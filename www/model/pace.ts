/**
 * How long to rest after work that comes again and again, so that it takes a fixed share of the time however much it is. Relies on nothing.
 */

/** The interval that means: as often as the heap allows without anybody noticing. */
export const GENTLE = 0;
/** Milliseconds between the beginnings of two samples then: four a second. */
export const GENTLE_INTERVAL = 250;
/** How many times as long as a sample took, and what it shows took to be drawn, the page rests then: that is under a hundredth of the time. */
export const GENTLE_REST = 110;

/** Costs that are remembered: one that was slow by chance, because something else ran beside it, must not slow down what follows. */
const KEPT = 4;
/** Milliseconds of the longest rest: a page that nobody sees move is no use. */
const LONGEST = 10_000;

export class Pace {
  #costs: number[] = [];

  /** Notes the milliseconds that the work took this time. */
  note(cost: number): void {
    this.#costs = [...this.#costs.slice(1 - KEPT), cost];
  }

  /** Milliseconds to rest after the work, `times` as long as it takes. */
  rest(times: number): number {
    return this.#costs.length === 0 ? 0 : Math.min(LONGEST, Math.min(...this.#costs) * times);
  }
}

/** Calls `done` with the milliseconds that a page needs to draw what was changed just now; never, while the page is hidden. */
export function drawing(done: (milliseconds: number) => void): void {
  const begun = performance.now();
  afterwards(() => {
    const updated = performance.now() - begun;
    requestAnimationFrame(() => {
      const start = performance.now();
      afterwards(() => done(updated + performance.now() - start));
    });
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
