import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';

/** Short enough for an operator who waits for it; a look costs one system call. */
const LOOK_EVERY_MS = 5_000;

/** A file of the operator's, read again when it changes. What cannot be read leaves the last good state. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (bytes: Buffer) => T;
  readonly #clock: Clock;
  readonly #failed: (problem: string) => void;
  #current: T | undefined;
  #seen = '';
  #cancel: () => void = () => undefined;
  #stopped = false;

  /**
   * @param parse throws what is wrong with the bytes
   * @param failed told once for each state of the file that is not usable
   */
  constructor(path: string, parse: (bytes: Buffer) => T, clock: Clock, failed: (problem: string) => void) {
    this.#path = path;
    this.#parse = parse;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Undefined until `start` has read it. */
  get current(): T | undefined {
    return this.#current;
  }

  /** @throws {Error} when the file is not usable now: an operator who has just named it wants to know */
  async start(): Promise<void> {
    await this.#read(await this.#state());
    this.#lookAgain();
  }

  stop(): void {
    this.#cancel();
    this.#stopped = true;
  }

  #lookAgain(): void {
    if (!this.#stopped) this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const state = await this.#state().catch(() => 'gone');
    if (state !== this.#seen) {
      this.#seen = state;
      await this.#read(state).catch((error: Error) => this.#failed(`${error.message}; what was read before stays`));
    }
    this.#lookAgain();
  }

  /** Another file of this name, or another content. */
  async #state(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${this.#path}: ${sentenceOf(error)}`, { cause: error });
    });
    return `${mtimeMs} ${size} ${ino}`;
  }

  async #read(state: string): Promise<void> {
    this.#seen = state;
    try {
      this.#current = this.#parse(await readFile(this.#path));
    } catch (error) {
      throw new Error(`${this.#path}: ${sentenceOf(error as NodeJS.ErrnoException)}`, { cause: error });
    }
  }
}

function sentenceOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'it may not be read';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return message;
  }
}
