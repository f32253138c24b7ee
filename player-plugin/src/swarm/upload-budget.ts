import type { Playhead } from '../segment-engine.ts';

/** What a viewer's device may give: a guest's share of it, and not more. */
export interface UploadCaps {
  /** Bytes per second. */
  readonly maxBytesPerSecond: number;
  /** Sent bytes for each byte received, from wherever. */
  readonly maxRatio: number;
  /** Bytes of one session. */
  readonly maxBytes: number;
}

/** Sent on credit before anything was received, bytes: a newcomer may pass on what it gets first. */
const RATIO_CREDIT_BYTES: number = 2 * 1024 * 1024;
/** What may be saved up under a rate cap, s. */
const BURST_SECONDS = 1;
/**
 * Below this the own playback needs the line for itself, s; above the other it has recovered. With low latency there is never much
 * more than a part ahead, and repairs come when a tenth of a second is left: neither is a playback in need (docs/decisions/0083).
 */
const PAUSE_BELOW_SECONDS = 0.1;
const RESUME_ABOVE_SECONDS = 0.5;

/** Says how many bytes may be sent now. */
export class UploadBudget {
  #isPaused = false;
  readonly #caps: UploadCaps;
  #receivedBytes = 0;
  #sentBytes = 0;
  #tokens: number;
  #filledAt: number;

  constructor(caps: UploadCaps, now: number) {
    this.#caps = caps;
    this.#tokens = caps.maxBytesPerSecond * BURST_SECONDS;
    this.#filledAt = now;
  }

  /** While paused nothing may be sent: the viewer's own playback goes first. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  playheadMoved({ rate, bufferedAhead }: Playhead): void {
    if (rate > 0 && bufferedAhead < PAUSE_BELOW_SECONDS) this.#isPaused = true;
    else if (rate === 0 || bufferedAhead > RESUME_ABOVE_SECONDS) this.#isPaused = false;
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  sent(bytes: number, now: number): void {
    this.#fill(now);
    this.#sentBytes += bytes;
    this.#tokens -= bytes;
  }

  allowance(now: number): number {
    if (this.#isPaused) return 0;
    this.#fill(now);
    const byRatio = this.#caps.maxRatio * this.#receivedBytes + RATIO_CREDIT_BYTES - this.#sentBytes;
    return Math.max(0, Math.min(this.#tokens, byRatio, this.#caps.maxBytes - this.#sentBytes));
  }

  #fill(now: number): void {
    const { maxBytesPerSecond } = this.#caps;
    if (maxBytesPerSecond === Number.POSITIVE_INFINITY) return;
    const passedSeconds = Math.max(0, now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(maxBytesPerSecond * BURST_SECONDS, this.#tokens + passedSeconds * maxBytesPerSecond);
  }
}
