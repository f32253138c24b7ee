import type { PlaybackReport } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { TrackerClient } from '../signalling/tracker-client.ts';

/** How it starts, and whether it does, is to be seen soon, ms. */
const FIRST_AFTER_MS = 10_000;

/** Sends what was counted, as often as the tracker asks, and a last time when the page goes. */
export class ReportSender {
  readonly #tracker: TrackerClient;
  readonly #clock: Clock;
  readonly #takeReport: () => PlaybackReport;
  #cancel: (() => void) | undefined;
  readonly #sendNow = () => this.#send();

  constructor(tracker: TrackerClient, clock: Clock, takeReport: () => PlaybackReport) {
    this.#tracker = tracker;
    this.#clock = clock;
    this.#takeReport = takeReport;
    globalThis.addEventListener?.('pagehide', this.#sendNow);
  }

  start(everyMs: number): void {
    this.#cancel?.();
    const tick = () => {
      this.#send();
      this.#cancel = this.#clock.after(everyMs, tick);
    };
    this.#cancel = this.#clock.after(Math.min(FIRST_AFTER_MS, everyMs), tick);
  }

  stop(): void {
    this.#cancel?.();
    this.#send();
    globalThis.removeEventListener?.('pagehide', this.#sendNow);
  }

  /** What cannot be sent now stays counted, and goes with the next report. */
  #send(): void {
    if (this.#tracker.isWelcome) this.#tracker.send({ type: 'report', report: this.#takeReport() });
  }
}
