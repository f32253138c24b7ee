/** One call per key at a time: whoever asks while it runs gets the same promise. */
export class Collapse<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** @returns the result, and whether this caller started the call (`false`: it was collapsed into another's). */
  run(
    key: string,
    start: () => Promise<T>,
    until: (result: T) => Promise<unknown>,
  ): { result: Promise<T>; first: boolean } {
    const running = this.#running.get(key);
    if (running) return { result: running, first: false };
    const result = start();
    this.#running.set(key, result);
    const forget = () => this.#running.delete(key);
    result.then(until).then(forget, forget);
    return { result, first: true };
  }
}
