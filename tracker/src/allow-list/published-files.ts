import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { BinaryId } from '../dialects/webtorrent.ts';

/** What the edge takes back is not introduced any more after that. */
const REFRESH_EVERY_MS = 30_000;
/** A file may have been published a moment ago; strangers' infohashes must not cost the edge more than that. */
const ASK_AT_MOST_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 10_000;
/** Announces that wait for the next look at the list; further ones are refused at once. */
const MAX_WAITING = 10_000;

/** The infohashes that may have swarms: read from an edge's `/torrents/infohashes`, kept while it is away. */
export class PublishedFiles {
  readonly #source: string;
  readonly #clock: Clock;
  readonly #failed: (problem: string) => void;
  #infoHashes: ReadonlySet<string> = new Set();
  #etag: string | undefined;
  #lastLookAt = Number.NEGATIVE_INFINITY;
  /** The next look at the list, while somebody waits for it. */
  #nextLook: Promise<void> | undefined;
  #waiting = 0;
  #stopped = false;
  #cancel: () => void = () => undefined;

  /**
   * @param source URL or file of `{"infohashes": [forty hexadecimal digits, …]}`
   * @param failed told each time it could not be had
   */
  constructor(source: string, clock: Clock, failed: (problem: string) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#failed = failed;
  }

  get count(): number {
    return this.#infoHashes.size;
  }

  has(infoHash: BinaryId): boolean {
    return this.#infoHashes.has(infoHash);
  }

  /** Looks again before it says no. */
  async isPublished(infoHash: BinaryId): Promise<boolean> {
    if (this.has(infoHash)) return true;
    if (this.#stopped || this.#waiting >= MAX_WAITING) return false;
    this.#waiting += 1;
    this.#nextLook ??= this.#lookSoon();
    await this.#nextLook;
    this.#waiting -= 1;
    return this.has(infoHash);
  }

  /** Reads it now and from time to time; settles after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    await this.#look();
    if (!this.#stopped) this.#cancel = this.#clock.after(REFRESH_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #lookSoon(): Promise<void> {
    const waitMs = this.#lastLookAt + ASK_AT_MOST_EVERY_MS - this.#clock.now();
    if (waitMs > 0) await new Promise<void>((resolve) => void this.#clock.after(waitMs, resolve));
    // Whoever asks from now on may ask for what is published after this look began.
    this.#nextLook = undefined;
    await this.#look();
  }

  async #look(): Promise<void> {
    this.#lastLookAt = this.#clock.now();
    try {
      const text = await this.#read();
      if (text !== undefined) this.#infoHashes = parseList(text);
    } catch (error) {
      this.#failed(`no list of files from ${this.#source}: ${(error as Error).message}`);
    }
  }

  /** @returns `undefined` when it is as it was */
  async #read(): Promise<string | undefined> {
    if (!/^https?:/.test(this.#source)) return await readFile(this.#source, 'utf8');
    const headers: Record<string, string> = this.#etag === undefined ? {} : { 'if-none-match': this.#etag };
    const response = await fetch(this.#source, { headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (response.status === 304) return undefined;
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const text = await response.text();
    this.#etag = response.headers.get('etag') ?? undefined;
    return text;
  }
}

/** @throws {Error} when it is no such list; an entry that is no infohash makes it none */
export function parseList(text: string): ReadonlySet<string> {
  const { infohashes } = JSON.parse(text) as { infohashes?: unknown };
  if (!Array.isArray(infohashes)) throw new Error('it has no list "infohashes"');
  return new Set(
    infohashes.map((infoHash) => {
      if (typeof infoHash !== 'string' || !/^[0-9a-f]{40}$/i.test(infoHash)) {
        throw new Error(`${JSON.stringify(infoHash)?.slice(0, 60)} is no infohash of 40 hexadecimal digits`);
      }
      return Buffer.from(infoHash, 'hex').toString('latin1');
    }),
  );
}
