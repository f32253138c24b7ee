interface Call<T> {
  readonly result: Promise<T>;
  /** All under which it can be joined. */
  readonly keys: Set<string>;
}

/** One call per key at a time: whoever asks while it runs gets the same promise. */
export class Collapse<T> {
  readonly #running = new Map<string, Call<T>>();
  #waiting = 0;

  /** Callers that wait for a call of another. */
  get waiting(): number {
    return this.#waiting;
  }

  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /** The call that runs for a key; the caller counts as waiting until it has its result. */
  join(key: string): Promise<T> | undefined {
    const running = this.#running.get(key);
    if (!running) return undefined;
    this.#waiting += 1;
    return running.result.finally(() => {
      this.#waiting -= 1;
    });
  }

  /** Starts a call, and keeps it joinable until `until` has settled. */
  start(key: string, run: () => Promise<T>, until: (result: T) => Promise<unknown>): Promise<T> {
    const call: Call<T> = { result: run(), keys: new Set([key]) };
    this.#running.set(key, call);
    const forget = () => {
      for (const name of call.keys) if (this.#running.get(name) === call) this.#running.delete(name);
    };
    call.result.then(until).then(forget, forget);
    return call.result;
  }

  /** Makes a running call joinable under one more key. */
  alias(key: string, other: string): void {
    const call = this.#running.get(key);
    if (!call || this.#running.has(other)) return;
    call.keys.add(other);
    this.#running.set(other, call);
  }

  /** Nobody joins calls under these keys any more; whoever has goes on. */
  forget(prefix: string): void {
    for (const key of this.#running.keys()) if (key.startsWith(prefix)) this.#running.delete(key);
  }
}
