import { MAX_COUNTER } from './limits.ts';
import { asCount, type JsonObject } from './parse.ts';

/** What happened at one viewer since its previous report. Counters are deltas, never totals: a lost report loses only itself. */
export interface PlaybackReport {
  /** Milliseconds that this report covers. */
  readonly coversMs: number;
  /** Media bytes received from peers and kept. */
  readonly peerBytes: number;
  /** Media bytes received from the edge. */
  readonly edgeBytes: number;
  /** Media bytes sent to peers. */
  readonly uploadedBytes: number;
  /** Bytes received and thrown away: duplicates, aborted transfers, failed hashes. */
  readonly discardedBytes: number;
  /** Chunks whose hash did not match. */
  readonly rejectedChunks: number;
  /** How often playback stopped for want of data. */
  readonly stalls: number;
  /** How long it stood still, ms. */
  readonly stalledMs: number;
  /** Connected peers at the time of the report. */
  readonly connectedPeers: number;
  /** From the request for the playlist to the first frame, ms; once per playback. */
  readonly startupMs?: number;
}

const ONE_DAY_MS = 86_400_000;

const bounds = {
  coversMs: ONE_DAY_MS,
  peerBytes: MAX_COUNTER,
  edgeBytes: MAX_COUNTER,
  uploadedBytes: MAX_COUNTER,
  discardedBytes: MAX_COUNTER,
  rejectedChunks: MAX_COUNTER,
  stalls: 100_000,
  stalledMs: ONE_DAY_MS,
  connectedPeers: 10_000,
} as const satisfies Record<keyof Omit<PlaybackReport, 'startupMs'>, number>;

export function parsePlaybackReport(given: JsonObject): PlaybackReport | undefined {
  const counters: Record<string, number> = {};
  for (const [name, max] of Object.entries(bounds)) {
    const count = asCount(given[name], max);
    if (count === undefined) return undefined;
    counters[name] = count;
  }
  const report = counters as unknown as PlaybackReport;
  if (given.startupMs === undefined) return report;
  const startupMs = asCount(given.startupMs, ONE_DAY_MS);
  return startupMs === undefined ? undefined : { ...report, startupMs };
}
