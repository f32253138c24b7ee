import { LEAST_PIECE_BYTES, type Piece } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { PeerScore } from './peer-score.ts';

/** What has been asked of one peer and is not here yet. */

export interface DownloadEvents {
  arrived(key: string, chunk: number, bytes: Uint8Array): void;
  /** The peer took the request and let it lie. */
  timedOut(key: string, chunk: number): void;
  discarded(bytes: number): void;
}

interface Download {
  readonly key: string;
  readonly chunk: number;
  readonly size: number;
  /** Nothing until the first piece: most requests at a busy peer are refused. */
  body:
    | { readonly bytes: Uint8Array /** Offsets of the pieces that are here. */; readonly pieces: Set<number> }
    | undefined;
  readonly askedAt: number;
  receivedBytes: number;
  /** Until when the peer has time for the rest, ms. */
  dueAt: number;
  cancelTimer: () => void;
}

/** A request may take twice what was expected, and this. */
const TIMEOUT_SLACK_MS = 250;
/** What a peer accepts waits in its queue: the least that it allows itself, where uplinks suffice. */
const QUEUE_MS = 150;
/** Of round trips: question and answer, and what the peer's queue may be longer for them. */
const TRIPS = 3.5;
const LONGEST_TIMEOUT_MS = 8_000;

export class Downloads {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #score: PeerScore;
  readonly #events: DownloadEvents;
  /** A handful at most. */
  readonly #running: Download[] = [];
  /** When the peer last completed something for us: from then on it works on the next. */
  #freeAt = 0;

  constructor(deps: { clock: Clock; random: Random }, score: PeerScore, events: DownloadEvents) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#score = score;
    this.#events = events;
  }

  get count(): number {
    return this.#running.length;
  }

  begin(key: string, chunk: number, size: number): void {
    const askedAt = this.#clock.now();
    const download: Download = {
      key,
      chunk,
      size,
      body: undefined,
      askedAt,
      receivedBytes: 0,
      dueAt: 0,
      cancelTimer: () => undefined,
    };
    this.#running.push(download);
    this.#expect(download);
    this.#watch(download);
  }

  /** @returns whether it was running */
  end(key: string, chunk: number): boolean {
    const download = this.#take(key, chunk);
    if (!download) return false;
    download.cancelTimer();
    this.#events.discarded(download.receivedBytes);
    return true;
  }

  endAll(): { readonly key: string; readonly chunk: number }[] {
    const ended = [...this.#running];
    for (const { key, chunk } of ended) this.end(key, chunk);
    return ended;
  }

  receive({ key, chunk, offset, bytes }: Piece): void {
    const download = this.#running.find((one) => one.chunk === chunk && one.key === key);
    const isWanted = download && !download.body?.pieces.has(offset) && fits(offset, bytes.length, download.size);
    if (!isWanted) {
      this.#events.discarded(bytes.length);
      return;
    }
    download.body ??= { bytes: new Uint8Array(download.size), pieces: new Set() };
    download.body.bytes.set(bytes, offset);
    download.body.pieces.add(offset);
    download.receivedBytes += bytes.length;
    if (download.receivedBytes === download.size) this.#complete(download, download.body.bytes);
    else this.#expect(download);
  }

  #take(key: string, chunk: number): Download | undefined {
    const at = this.#running.findIndex((one) => one.chunk === chunk && one.key === key);
    return at < 0 ? undefined : this.#running.splice(at, 1)[0];
  }

  #complete(download: Download, bytes: Uint8Array): void {
    const { key, chunk, askedAt } = download;
    this.#take(key, chunk);
    download.cancelTimer();
    const now = this.#clock.now();
    this.#score.delivered(bytes.length, now - Math.max(askedAt + this.#score.rttMs, this.#freeAt));
    this.#freeAt = now;
    this.#events.arrived(key, chunk, bytes);
  }

  /** Every piece that comes gives the rest more time. */
  #expect(download: Download): void {
    const ahead = this.#running.length * download.size;
    const { rttMs, bytesPerMs } = this.#score;
    const expectedMs = QUEUE_MS + TRIPS * rttMs + ahead / bytesPerMs;
    const timeoutMs = Math.min(LONGEST_TIMEOUT_MS, 2 * expectedMs + TIMEOUT_SLACK_MS);
    download.dueAt = this.#clock.now() + timeoutMs;
  }

  /** One timer for all pieces of a chunk: when it rings early it is set again. */
  #watch(download: Download): void {
    const { key, chunk, dueAt, askedAt } = download;
    download.cancelTimer = this.#clock.after(dueAt - this.#clock.now(), () => {
      if (this.#clock.now() < download.dueAt) {
        this.#watch(download);
        return;
      }
      this.end(key, chunk);
      this.#score.failed(askedAt, this.#clock.now(), this.#random());
      this.#events.timedOut(key, chunk);
    });
  }
}

/** [P3] */
function fits(offset: number, length: number, size: number): boolean {
  const end = offset + length;
  return end === size || (end < size && length >= LEAST_PIECE_BYTES);
}
