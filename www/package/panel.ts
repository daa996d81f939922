/** A floating panel's place on the screen: moved by dragging its head or by arrow keys, and never out of sight. Relies on the element being `position: fixed`. */

/** Pixels of a step by a key; with shift, four of them. */
const STEP = 16;
/** Pixels of it that stay in the window. */
const SEEN = 48;

const MOVES: { readonly [key: string]: readonly [number, number] } = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Where the upper left corner may be, of a panel of this width in a window of this size. */
export function within(x: number, y: number, width: number, window: { width: number; height: number }): [number, number] {
  return [Math.min(Math.max(x, SEEN - width), Math.max(0, window.width - SEEN)), Math.min(Math.max(y, 0), Math.max(0, window.height - SEEN))];
}

export class Place {
  readonly #panel: HTMLElement;
  /** Where in the panel it was taken hold of. */
  #grip: [number, number] | undefined;

  constructor(panel: HTMLElement) {
    this.#panel = panel;
  }

  /** A key on the handle: arrows move, Home brings it back. */
  readonly key = (event: KeyboardEvent): void => {
    const move = MOVES[event.key];
    if (event.key === 'Home') this.reset();
    else if (move !== undefined) {
      const { x, y } = this.#panel.getBoundingClientRect();
      const step = event.shiftKey ? STEP * 4 : STEP;
      this.#put(x + move[0] * step, y + move[1] * step);
    } else return;
    event.preventDefault();
  };

  /** The head of the panel is taken hold of. */
  readonly grab = (event: PointerEvent): void => {
    const { currentTarget, target, pointerId, clientX, clientY } = event;
    if (event.button !== 0 || !(currentTarget instanceof HTMLElement) || (target instanceof Element && target.closest('.acts') !== null)) return;
    const { x, y } = this.#panel.getBoundingClientRect();
    this.#grip = [clientX - x, clientY - y];
    currentTarget.setPointerCapture(pointerId);
  };

  readonly drag = ({ clientX, clientY }: PointerEvent): void => {
    if (this.#grip !== undefined) this.#put(clientX - this.#grip[0], clientY - this.#grip[1]);
  };

  readonly drop = (): void => {
    this.#grip = undefined;
  };

  /** The window has another size: what would be out of sight comes back. */
  readonly fit = (): void => {
    if (this.#panel.style.left === '') return;
    const { x, y } = this.#panel.getBoundingClientRect();
    this.#put(x, y);
  };

  /** Back to where it was at first. */
  reset(): void {
    for (const side of ['left', 'top', 'right', 'bottom'] as const) this.#panel.style[side] = '';
  }

  #put(x: number, y: number): void {
    const [left, top] = within(x, y, this.#panel.offsetWidth, { width: innerWidth, height: innerHeight });
    Object.assign(this.#panel.style, { left: `${left}px`, top: `${top}px`, right: 'auto', bottom: 'auto' });
  }
}
