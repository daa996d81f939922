/**
 * How long to rest after work that comes again and again, so that it takes a fixed share of the time however much it is. Relies on nothing.
 */

/** The interval that means: as often as the heap allows without anybody noticing. */
export const GENTLE = 0;
/** Milliseconds between the beginnings of two samples then: four a second. */
export const GENTLE_INTERVAL = 250;
/** How many times as long as it took the page rests then after taking a sample, and so after drawing one: both together take less than a
 * hundredth of the time. */
export const GENTLE_REST = 250;

/** Costs that are remembered: the largest of them does not count, because what is slow once, by chance or the first time, must not slow down
 * what follows. */
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
    const usual = [...this.#costs].sort((a, b) => a - b).slice(0, -1);
    const cost = usual.reduce((sum, value) => sum + value, 0) / Math.max(1, usual.length);
    return Math.min(this.#longest, cost * times);
  }
}
