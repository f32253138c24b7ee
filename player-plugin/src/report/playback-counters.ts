import { MAX_COUNTER, MAX_HEIGHT, type PlaybackReport } from '@nearcast/protocol';

/** What a session counts from its beginning. */
export type Counter = Exclude<keyof PlaybackReport, 'coversMs' | 'startupMs' | keyof ReportedState>;
export type PlaybackTotals = Record<Counter, number>;

function zero(): PlaybackTotals {
  return {
    playedMs: 0,
    peerBytes: 0,
    edgeBytes: 0,
    dutyBytes: 0,
    backupBytes: 0,
    repairBytes: 0,
    uploadedBytes: 0,
    discardedBytes: 0,
    controlBytes: 0,
    rejectedChunks: 0,
    stalls: 0,
    stalledMs: 0,
  };
}

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
  readonly totals: PlaybackTotals = zero();
  #reported: PlaybackTotals = zero();
  #reportedAt: number;
  #startupMs: number | undefined;

  constructor(now: number) {
    this.#reportedAt = now;
  }

  add(counter: Counter, amount: number): void {
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
    const deltas = zero();
    for (const name of Object.keys(deltas) as Counter[]) {
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
      ...(latencyMs === undefined ? {} : { latencyMs: wholeMs(latencyMs) }),
      ...(height === undefined ? {} : { height: Math.min(MAX_HEIGHT, Math.round(height)) }),
      ...(this.#startupMs === undefined ? {} : { startupMs: wholeMs(this.#startupMs) }),
    };
    this.#startupMs = undefined;
    this.#reportedAt = now;
    return report;
  }
}
