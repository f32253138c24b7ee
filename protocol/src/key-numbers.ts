/**
 * [P13] Segments by number, for one direction of a connection: most frames are a few bytes and a key is sixteen. Whoever
 * writes a key for the first time gives it a number; from then on the number stands for it.
 */

/** A number takes seven bits: the eighth says that the key follows. */
export const KEY_NUMBERS = 128;

export class KeyNumbers {
  /** [P14] The last path that was said, in UTF-8. */
  path: Uint8Array = new Uint8Array(0);
  readonly #keys: string[] = [];
  readonly #numbers = new Map<string, number>();
  #next = 0;

  /** What is to be written instead of the key, if it has a number. */
  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  keyOf(number: number): string | undefined {
    return this.#keys[number];
  }

  /** From now on the number stands for this key, and no longer for another. */
  set(number: number, key: string): void {
    const former = this.#keys[number];
    if (former !== undefined && this.#numbers.get(former) === number) this.#numbers.delete(former);
    this.#keys[number] = key;
    this.#numbers.set(key, number);
  }

  /** Gives the key the number that has been given longest ago. */
  give(key: string): number {
    const number = this.#next;
    this.#next = (number + 1) % KEY_NUMBERS;
    this.set(number, key);
    return number;
  }
}
