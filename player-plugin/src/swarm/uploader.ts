import { type ChunkRun, pieceBytesOf } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { Pacer } from './pacer.ts';
import { QueueDelay } from './queue-delay.ts';
import { RateMeter } from './rate-meter.ts';
import { SendWindow } from './send-window.ts';

/** Everything that this page sends to peers goes through one uploader: they share one line, and know nothing of each other. */

export interface UploaderConfig {
  /** Assumed until the line has been seen at work, bytes/s. */
  readonly initialBytesPerSecond: number;
  readonly floorBytesPerSecond: number;
}

export const uploaderDefaults: UploaderConfig = { initialBytesPerSecond: 62_500, floorBytesPerSecond: 25_000 };

/** One end of a connection, as far as uploads go. */
export interface UploadTarget {
  readonly id: string;
  /** Smallest round trip seen, ms. */
  readonly baseRttMs: number;
  /** Bytes that its connection holds back: handed over, and not on the line yet. */
  readonly heldBytes: number;
  /** Whether the peer has got the chunk elsewhere meanwhile. */
  hasAnnounced(key: string, chunk: number): boolean;
  /** Hands one piece to the connection. @returns its id, by which it will be acknowledged */
  sendPiece(key: string, chunk: number, offset: number, queueMs: number, bytes: Uint8Array): number;
  /** @param retryAfterMs 0: it is not to be had here */
  refuse(key: string, chunk: number, retryAfterMs: number): void;
}

export interface UploadRequest {
  readonly target: UploadTarget;
  readonly key: string;
  readonly chunk: number;
  /** When it must be there, ms on our clock. */
  readonly deadline: number;
}

interface Job extends UploadRequest {
  readonly bytes: Uint8Array;
  sentBytes: number;
}

/** What the caps allow at this moment, bytes; see upload-budget. */
export type Allowance = (now: number) => number;

/**
 * Beyond the base round trip so much may be under way: acknowledgements wait for company, and come back over lines with queues of
 * their own, from neighbours of which most are farther than the nearest. How much is on the line is the pacer's to keep small;
 * with 120 ms in all, lines with work stood still for 1.4 % of the time (docs/decisions/0079).
 */
const WINDOW_SLACK_MS = 180;
/** A piece holds up everything behind it, control messages too: on a slow line pieces are smaller. */
const LONGEST_PIECE_MS = 30;
/** SCTP acknowledges every second packet (RFC 9260 §6.2); seven are what fits into a piece. */
const LEAST_PACKETS = 2;
const MOST_PACKETS = 7;
/**
 * What so few neighbours have goes out before what waited longer: until it is with many, only few lines can pass it on
 * (docs/decisions/0062).
 */
export const RARE_COPIES = 2;
/**
 * An association that has lost packets takes little for a while, however free the line is (RFC 9260 §7.2). With so
 * much waiting there it never lacks work, and the line goes to others.
 */
const HELD_MS = 15;
/**
 * Neither connections nor lines say when they can take more. Right after a piece was handed over its connection holds it, and
 * with one neighbour nothing else happens until it is acknowledged: each piece waited for the one before (docs/decisions/0083).
 * What is held back takes at least so long on the line.
 */
const LOOK_AGAIN_MS = HELD_MS;
/** The shortest queue beyond which requests are refused, and time to come back; it grows with the round trip, as the refused are back no sooner. */
const MIN_QUEUE_MS = 150;
/**
 * Where uplinks do not carry the stream every line has more work than it can do, and fourteen of fifteen requests are refused: a
 * longer queue spares questions, as long as what is accepted last is through after so long. A line that needs most of it for one
 * chunk would keep what it has begun from those who need it (docs/decisions/0079, 0080).
 */
const SCARCE_DONE_MS = 570;
const QUEUE_PER_RTT = 2.5;
/** Whoever may not send now need not be asked again for so long. */
export const UNWILLING_MS = 2_000;
/** A line on which nothing queues may carry more than it was seen to: twice as much with each step, so far at most. */
const MOST_GAIN = 16;
/**
 * More waits than this: less is sent, the further from it the more (LEDBAT's off_target, RFC 6817 §2.4.2). A queue of forty packets,
 * which are 435 bytes in the mean, is full after 116 ms at 1.2 Mbit/s.
 */
const TARGET_QUEUE_MS = 17;
/** With longer steps the rate swings around what the line carries, and where it is below the line stands still (docs/decisions/0078). */
const STEP = 0.02;
/**
 * And at once so much more or less is sent as would bring the queue to its aim in this time: the queue is the sum of what was
 * too much, and a rate that only follows the queue swings for ever (docs/decisions/0079).
 */
const SETTLE_MS = 400;
/**
 * A line that always has work is never empty, and what its queue is measured against would rise with it, up to the window: so
 * often it is let run empty (the latency drift of LEDBAT, and the periodic slowdowns of draft-irtf-iccrg-ledbat-plus-plus).
 */
const EMPTY_EVERY_MS = 10_000;
/** A line that was let run empty within that time, because it was full, is tried with a little more only: what it carries has been measured. */
const REMEMBER_CROWD_MS = 20_000;
const LEAST_GAIN = 0.5;
/**
 * With so many neighbours somebody always asks: then the rest of the queue is kept free for what is rare, or is played so soon.
 * Among few a line would be idle for it.
 */
const MANY_NEIGHBOURS = 10;
const COMMON_SHARE = 0.6;
const PRESSING_MS = 1_200;
/** Less than that is chance, and clocks that are read by the millisecond: nothing queues. */
const UNCROWDED_QUEUE_MS = 10;
/** As long as the queue's least delay is remembered: before that, what the last step did cannot be seen. */
const PROBE_EVERY_MS = 200;

export class Uploader {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #allowance: Allowance;
  readonly #meter: RateMeter;
  readonly #jobs: Job[] = [];
  readonly #window = new SendWindow<UploadTarget>();
  readonly #queue = new QueueDelay<UploadTarget>();
  readonly #pacer = new Pacer();
  #queuedBytes = 0;
  #gain = 1;
  #emptiedAt = Number.NEGATIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  readonly #sent: (target: UploadTarget, bytes: number) => void;
  readonly #copies: (key: string, chunk: number) => number;
  readonly #neighbours: () => number;
  readonly #isScarce: () => boolean;

  constructor(
    config: UploaderConfig,
    deps: {
      clock: Clock;
      random: Random;
      allowance: Allowance;
      sent: (target: UploadTarget, bytes: number) => void;
      /** How many neighbours have told of a chunk. */
      copies: (key: string, chunk: number) => number;
      neighbours: () => number;
      /** Whether uplinks do not carry what is played. */
      isScarce: () => boolean;
    },
  ) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#allowance = deps.allowance;
    this.#sent = deps.sent;
    this.#copies = deps.copies;
    this.#neighbours = deps.neighbours;
    this.#isScarce = deps.isScarce;
    this.#meter = new RateMeter(config.initialBytesPerSecond, config.floorBytesPerSecond);
  }

  get bytesPerSecond(): number {
    return this.#meter.bytesPerSecond;
  }

  get isBusy(): boolean {
    return this.#jobs.length > 0;
  }

  /** How long the line needs for all that was accepted, beyond the round trip that everybody pays, ms. */
  get backlogMs(): number {
    const now = this.#clock.now();
    const bytes = this.#queuedBytes + this.#window.bytesUnderWay(now);
    return Math.max(0, this.#sendingMs(bytes) - this.#window.baseRoundTripMs(now));
  }

  /** Accepts, or refuses with the time to come back; never keeps silent ([P11]). */
  request(request: UploadRequest, bytes: Uint8Array): void {
    const { target, key, chunk, deadline } = request;
    if (this.#jobAt(target, key, chunk) >= 0) return;
    const now = this.#clock.now();
    if (this.#allowance(now) < bytes.byteLength) {
      target.refuse(key, chunk, UNWILLING_MS);
      return;
    }
    const backlogMs = this.backlogMs;
    const scarceMs = this.#isScarce() ? SCARCE_DONE_MS - this.#sendingMs(bytes.byteLength) : 0;
    const leastMs = Math.max(MIN_QUEUE_MS, scarceMs);
    const limitMs = Math.max(leastMs, QUEUE_PER_RTT * this.#window.baseRoundTripMs(now));
    if (backlogMs > COMMON_SHARE * limitMs && (backlogMs > limitMs || this.#canWait(request, now))) {
      const afterMs = Math.max(leastMs, backlogMs - limitMs / 2) * (0.75 + 0.5 * this.#random());
      target.refuse(key, chunk, afterMs);
      return;
    }
    if (now + backlogMs + this.#sendingMs(bytes.byteLength) > deadline) {
      target.refuse(key, chunk, 0);
      return;
    }
    if (!this.isBusy && this.#window.isEmpty) {
      // A round trip has a piece's own time on the line in it, which counts: at the rate as it is, for the gain is only tried.
      const pieceMs = (this.#pieceBytes * 1000) / this.bytesPerSecond;
      this.#meter.begin(now + this.#window.baseRoundTripMs(now) - pieceMs);
    }
    this.#jobs.push({ target, key, chunk, deadline, bytes, sentBytes: 0 });
    this.#queuedBytes += bytes.byteLength;
    this.pump();
  }

  cancel(target: UploadTarget, key: string, chunk: number): void {
    const at = this.#jobAt(target, key, chunk);
    if (at >= 0) this.#forget(at);
  }

  /** @param arrivedAtMs when the last of these pieces came, on the receiver's clock */
  acknowledge(target: UploadTarget, runs: readonly ChunkRun[], arrivedAtMs: number): void {
    const now = this.#clock.now();
    const last = runs.at(-1);
    const piece = last && this.#window.find(target, last.first + last.count - 1);
    if (piece) this.#queue.sample(target, piece, arrivedAtMs, now);
    let bytes = 0;
    for (const { first, count } of runs) bytes += this.#window.acknowledged(target, first, count, now);
    if (bytes > 0) this.#meter.add(bytes, now);
    this.#probe(now);
    this.pump();
  }

  /** The connection is gone, with all that was meant for it. */
  remove(target: UploadTarget): void {
    for (let at = this.#jobs.length - 1; at >= 0; at--) if (this.#jobs[at]?.target === target) this.#forget(at);
    this.#window.remove(target);
    this.pump();
  }

  /** Hands pieces over while the window is open. Held back here they can still be cancelled. */
  pump(): void {
    this.#cancelTimer?.();
    const now = this.#clock.now();
    while (this.#jobs.length > 0 && this.#mayGo(now)) {
      this.#bringForward();
      const at = this.#jobs.findIndex(({ target }) => this.#sendingMs(target.heldBytes) < HELD_MS);
      const job = this.#jobs[at];
      if (!job) break;
      if (this.#isUseless(job)) {
        this.#forget(at);
        continue;
      }
      this.#sendNext(job);
      if (job.sentBytes === job.bytes.byteLength) this.#jobs.splice(at, 1);
    }
    if (this.#jobs.length > 0) {
      const afterMs = Math.max(1, this.#pacer.waitMs(now) || LOOK_AGAIN_MS);
      this.#cancelTimer = this.#clock.after(afterMs, () => this.pump());
    }
  }

  #mayGo(now: number): boolean {
    const underWayMs = this.#sendingMs(this.#window.bytesUnderWay(now));
    return underWayMs < this.#window.baseRoundTripMs(now) + WINDOW_SLACK_MS && this.#pacer.waitMs(now) === 0;
  }

  #canWait({ key, chunk, deadline }: UploadRequest, now: number): boolean {
    if (this.#neighbours() < MANY_NEIGHBOURS || deadline - now < PRESSING_MS) return false;
    return this.#copies(key, chunk) > RARE_COPIES;
  }

  /** What is rare goes next, unless a chunk is under way: that one is ended first. */
  #bringForward(): void {
    if (this.#jobs.length < 2 || (this.#jobs[0] as Job).sentBytes > 0) return;
    const at = this.#jobs.findIndex(({ key, chunk }) => this.#copies(key, chunk) <= RARE_COPIES);
    if (at > 0) this.#jobs.unshift(...this.#jobs.splice(at, 1));
  }

  #sendNext(job: Job): void {
    const { target, key, chunk, bytes, sentBytes } = job;
    const piece = bytes.subarray(sentBytes, sentBytes + this.#pieceBytes);
    job.sentBytes += piece.byteLength;
    this.#queuedBytes -= piece.byteLength;
    const id = target.sendPiece(key, chunk, sentBytes, this.backlogMs, piece);
    const now = this.#clock.now();
    this.#window.sent(target, id, piece.byteLength, now);
    const settling = 1 + (this.#queue.recentMs(now) - TARGET_QUEUE_MS) / SETTLE_MS;
    this.#pacer.sent(piece.byteLength * settling, this.#expectedRate, now);
    this.#sent(target, piece.byteLength);
  }

  /** Nothing is sent that the peer has meanwhile, nor what would come too late; a chunk that was begun is ended. */
  #isUseless({ target, key, chunk, deadline, bytes, sentBytes }: Job): boolean {
    if (sentBytes > 0) return false;
    if (target.hasAnnounced(key, chunk)) return true;
    const now = this.#clock.now();
    const isLate = now + this.#sendingMs(this.#window.bytesUnderWay(now) + bytes.byteLength) > deadline;
    if (isLate) target.refuse(key, chunk, 0);
    return isLate;
  }

  #jobAt(target: UploadTarget, key: string, chunk: number): number {
    return this.#jobs.findIndex((job) => job.target === target && job.key === key && job.chunk === chunk);
  }

  #forget(at: number): void {
    const [job] = this.#jobs.splice(at, 1);
    if (job) this.#queuedBytes -= job.bytes.byteLength - job.sentBytes;
  }

  #sendingMs(bytes: number): number {
    return (bytes * 1000) / this.#expectedRate;
  }

  /**
   * The measured rate is what was asked of the line, and bounds made of it would keep it there: while nothing queues, more
   * is tried step by step, as a slow start does (RFC 5681 §3.1). Whether something queues only one-way delays tell: round
   * trips differ by neighbour, and the nearest would make all others look like a queue.
   */
  #probe(now: number): void {
    const queueMs = this.#queue.recentMs(now);
    const isUncrowded = queueMs < UNCROWDED_QUEUE_MS;
    if (!isUncrowded) {
      this.#gain = Math.min(1, this.#gain);
      this.#meter.lineIsFull();
      if (now - this.#emptiedAt > EMPTY_EVERY_MS) {
        this.#emptiedAt = now;
        this.#pacer.rest(queueMs + TARGET_QUEUE_MS, now);
      }
    }
    if (this.#jobs.length === 0 || now - this.#probedAt < Math.max(PROBE_EVERY_MS, this.#window.baseRoundTripMs(now)))
      return;
    this.#probedAt = now;
    if (isUncrowded && this.#gain >= 1) {
      const growth = now - this.#emptiedAt < REMEMBER_CROWD_MS ? 1 + STEP : 2;
      this.#gain = Math.min(MOST_GAIN, growth * this.#gain);
    } else {
      const offTarget = Math.max(-1, 1 - queueMs / TARGET_QUEUE_MS);
      this.#gain = Math.max(LEAST_GAIN, Math.min(1, this.#gain * (1 + STEP * offTarget)));
    }
  }

  /** What the line is taken to carry now, bytes/s. */
  get #expectedRate(): number {
    return this.#gain * this.bytesPerSecond;
  }

  get #pieceBytes(): number {
    const packets = Math.floor((this.bytesPerSecond * LONGEST_PIECE_MS) / (1000 * pieceBytesOf(1)));
    return pieceBytesOf(Math.max(LEAST_PACKETS, Math.min(MOST_PACKETS, packets)));
  }
}
