/**
 * A value that can be watched: all the state management there is. Relies on nothing.
 *
 * `set` tells the watchers unless the value is the same one; `touch` tells them that the value changed inside.
 * Watchers run at once, in the order in which they came.
 */
export class Atom<T> {
  #value: T;
  readonly #watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.touch();
  }

  touch(): void {
    for (const watcher of [...this.#watchers]) watcher(this.#value);
  }

  /** Calls `watcher` after each change; the returned function ends that. */
  watch(watcher: (value: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
