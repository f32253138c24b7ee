import { type ChunkRun, encodeFrames, KeyNumbers, type PeerFrame, runsOf } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';

/**
 * How long a frame may wait for company: packets, not bytes, are the overhead of small messages. Questions and answers wait
 * least, and news that nobody else has; a single acknowledgement waits for another; news that others have too waits longer,
 * and longest when most have it and the line is too busy to serve it.
 */
export const ANSWER_WITHIN_MS = 5;
export const NEWS_WITHIN_MS = 60;
export const STALE_NEWS_WITHIN_MS = 300;
const ACKNOWLEDGE_WITHIN_MS = 40;
/** As with delayed acknowledgements of TCP (RFC 1122 §4.2.3.2). */
const PIECES_PER_ACKNOWLEDGEMENT = 2;

/** Collects what is to be said to one peer and sends it in few messages. */
export class ControlOutbox {
  readonly #clock: Clock;
  readonly #send: (message: Uint8Array) => void;
  #frames: PeerFrame[] = [];
  /** A handful of segments at most. */
  #haves: { readonly key: string; readonly chunks: number[] }[] = [];
  #pieces: number[] = [];
  /** What segments are called in what is said here. */
  readonly numbers: KeyNumbers = new KeyNumbers();
  #arrivedAt = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, send: (message: Uint8Array) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(frame: PeerFrame): void {
    this.#frames.push(frame);
    this.#sendWithin(ANSWER_WITHIN_MS);
  }

  have(key: string, chunk: number, withinMs: number): void {
    const waiting = this.#haves.find((have) => have.key === key);
    if (!waiting) this.#haves.push({ key, chunks: [chunk] });
    else if (!waiting.chunks.includes(chunk)) waiting.chunks.push(chunk);
    this.#sendWithin(withinMs);
  }

  acknowledge(piece: number): void {
    this.#pieces.push(piece);
    this.#arrivedAt = this.#clock.now();
    this.#sendWithin(this.#pieces.length < PIECES_PER_ACKNOWLEDGEMENT ? ACKNOWLEDGE_WITHIN_MS : ANSWER_WITHIN_MS);
  }

  /** Sends what is due: timers of a hidden page come late, messages do not. */
  poke(): void {
    if (this.#clock.now() >= this.#dueAt) this.flush();
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#dueAt = Number.POSITIVE_INFINITY;
    const frames = this.#frames;
    for (const { key, chunks } of this.#haves) frames.push({ type: 'have', key, runs: sortedRuns(chunks) });
    const runs = sortedRuns(this.#pieces);
    if (runs.length > 0) frames.push({ type: 'ack', arrivedAtMs: this.#arrivedAt, runs });
    this.#frames = [];
    this.#haves = [];
    this.#pieces = [];
    for (const message of encodeFrames(frames, this.numbers)) this.#send(message);
  }

  close(): void {
    this.#cancelTimer?.();
  }

  #sendWithin(ms: number): void {
    const dueAt = this.#clock.now() + ms;
    if (dueAt >= this.#dueAt) return;
    this.#cancelTimer?.();
    this.#dueAt = dueAt;
    this.#cancelTimer = this.#clock.after(ms, () => this.flush());
  }
}

function sortedRuns(numbers: number[]): ChunkRun[] {
  return runsOf(numbers.sort((a, b) => a - b));
}
