import { MAX_COUNTER, type PlaybackReport } from '@nearcast/protocol';

/** What a session has counted since it began. */
export interface PlaybackTotals {
  peerBytes: number;
  edgeBytes: number;
  uploadedBytes: number;
  discardedBytes: number;
  rejectedChunks: number;
  stalls: number;
  stalledMs: number;
}

const zero: PlaybackTotals = {
  peerBytes: 0,
  edgeBytes: 0,
  uploadedBytes: 0,
  discardedBytes: 0,
  rejectedChunks: 0,
  stalls: 0,
  stalledMs: 0,
};

/** Counts, and hands out what is new since it was last asked. */
export class PlaybackCounters {
  readonly totals: PlaybackTotals = { ...zero };
  #reported: PlaybackTotals = { ...zero };
  #reportedAt: number;
  #startupMs: number | undefined;

  constructor(now: number) {
    this.#reportedAt = now;
  }

  add(counter: keyof PlaybackTotals, amount: number): void {
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

  takeReport(now: number, connectedPeers: number): PlaybackReport {
    const delta = (name: keyof PlaybackTotals) =>
      Math.min(MAX_COUNTER, Math.round(this.totals[name] - this.#reported[name]));
    const report: PlaybackReport = {
      coversMs: Math.max(0, Math.round(now - this.#reportedAt)),
      peerBytes: delta('peerBytes'),
      edgeBytes: delta('edgeBytes'),
      uploadedBytes: delta('uploadedBytes'),
      discardedBytes: delta('discardedBytes'),
      rejectedChunks: delta('rejectedChunks'),
      stalls: delta('stalls'),
      stalledMs: delta('stalledMs'),
      connectedPeers,
      ...(this.#startupMs === undefined ? {} : { startupMs: Math.max(0, Math.round(this.#startupMs)) }),
    };
    this.#startupMs = undefined;
    this.#reported = { ...this.totals };
    this.#reportedAt = now;
    return report;
  }
}
