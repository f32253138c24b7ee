import { type ChunkRun, encodeFrames, type PeerFrame, runsOf } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';

/**
 * How long a frame may wait for company: packets, not bytes, are the overhead of small messages. Questions and answers wait
 * least; a single acknowledgement waits for another; what is here waits longer, for whoever could use it is offered it, and
 * longest for one who has it, too: that only keeps it from offering it.
 */
const WAIT_MS = { answer: 5, news: 20, acknowledgement: 40, have: 40, 'also-have': 200 } as const;
/** As with delayed acknowledgements of TCP (RFC 1122 §4.2.3.2). */
const PIECES_PER_ACKNOWLEDGEMENT = 2;
export type Urgency = keyof typeof WAIT_MS;

/** Collects what is to be said to one peer and sends it in few messages. */
export class ControlOutbox {
  readonly #clock: Clock;
  readonly #send: (message: Uint8Array) => void;
  readonly #frames: PeerFrame[] = [];
  readonly #haves = new Map<string, Set<number>>();
  readonly #pieces: number[] = [];
  #arrivedAt = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, send: (message: Uint8Array) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(frame: PeerFrame, urgency: Urgency): void {
    this.#frames.push(frame);
    this.#sendWithin(WAIT_MS[urgency]);
  }

  have(key: string, chunk: number, urgency: Urgency): void {
    const chunks = this.#haves.get(key) ?? new Set();
    this.#haves.set(key, chunks.add(chunk));
    this.#sendWithin(WAIT_MS[urgency]);
  }

  acknowledge(piece: number): void {
    this.#pieces.push(piece);
    this.#arrivedAt = this.#clock.now();
    this.#sendWithin(WAIT_MS[this.#pieces.length < PIECES_PER_ACKNOWLEDGEMENT ? 'acknowledgement' : 'answer']);
  }

  /** Sends what is due: timers of a hidden page come late, messages do not. */
  poke(): void {
    if (this.#clock.now() >= this.#dueAt) this.flush();
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const frames = this.#frames.splice(0);
    for (const [key, chunks] of this.#haves) frames.push({ type: 'have', key, runs: sortedRuns([...chunks]) });
    this.#haves.clear();
    for (const runs of slices(sortedRuns(this.#pieces.splice(0)), 64)) {
      frames.push({ type: 'ack', arrivedAtMs: Math.round(this.#arrivedAt) >>> 0, runs });
    }
    for (const message of encodeFrames(frames)) this.#send(message);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
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

function slices<T>(items: readonly T[], size: number): T[][] {
  const cut: T[][] = [];
  for (let at = 0; at < items.length; at += size) cut.push(items.slice(at, at + size));
  return cut;
}
