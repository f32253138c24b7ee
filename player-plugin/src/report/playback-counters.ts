import { MAX_COUNTER, MAX_HEIGHT, nothingCounted, type PlaybackCounter, type PlaybackReport } from '@nearcast/protocol';

export type PlaybackTotals = Record<PlaybackCounter, number>;

function wholeMs(ms: number): number {
  return Math.max(0, Math.round(ms));
}

/** How things are at the moment of a report. */
export type ReportedState = Pick<PlaybackReport, 'connectedPeers' | 'mode' | 'links'> & {
  readonly latencyMs?: number | undefined;
  readonly height?: number | undefined;
};

/** Counts, and hands out what is new since it was last asked. */
export class PlaybackCounters {
  readonly totals: PlaybackTotals = { ...nothingCounted };
  #reported: PlaybackTotals = { ...nothingCounted };
  #reportedAt: number;
  #startupMs: number | undefined;

  constructor(now: number) {
    this.#reportedAt = now;
  }

  add(counter: PlaybackCounter, amount: number): void {
    this.totals[counter] += amount;
  }

  started(startupMs: number): void {
    this.#startupMs = startupMs;
  }

  /** Share of the media bytes that did not come from the edge, 0…1. */
  get offload(): number {
    const { peerBytes, edgeBytes } = this.totals;
    return peerBytes === 0 ? 0 : peerBytes / (peerBytes + edgeBytes);
  }

  takeReport(now: number, state: ReportedState): PlaybackReport {
    const deltas = { ...nothingCounted };
    for (const name of Object.keys(deltas) as PlaybackCounter[]) {
      // Whole numbers of what are fractions here: what is cut off stays for the next report.
      const delta = Math.min(MAX_COUNTER, Math.floor(this.totals[name] - this.#reported[name]));
      deltas[name] = delta;
      this.#reported[name] += delta;
    }
    const { latencyMs, height, ...rest } = state;
    const report: PlaybackReport = {
      ...deltas,
      ...rest,
      coversMs: wholeMs(now - this.#reportedAt),
      latencyMs: latencyMs && wholeMs(latencyMs),
      height: height && Math.min(MAX_HEIGHT, Math.round(height)),
      startupMs: this.#startupMs && wholeMs(this.#startupMs),
    };
    this.#startupMs = undefined;
    this.#reportedAt = now;
    return report;
  }
}
