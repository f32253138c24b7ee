import type { PlaybackReport } from '@nearcast/protocol';
import type { TrackerMetrics } from './metrics.ts';
import { countViewer } from './viewer-metrics.ts';

/** A browser that moves more than this in either direction is not believed: 1 Gbit/s, in bytes per millisecond. */
const MAX_BYTES_PER_MS = 125_000;

/**
 * Reports come from strangers: nothing counts for more than the time since the previous report allows.
 * `passedMs` is the tracker's own measure; what the report says it covers is not used.
 */
export function clampReport(report: PlaybackReport, passedMs: number): PlaybackReport {
  const maxBytes = Math.ceil(passedMs * MAX_BYTES_PER_MS);
  const bytes = (claimed: number) => Math.min(claimed, maxBytes);
  const edgeBytes = bytes(report.edgeBytes);
  return {
    ...report,
    edgeBytes,
    // Both come over one line.
    peerBytes: Math.min(report.peerBytes, maxBytes - edgeBytes),
    uploadedBytes: bytes(report.uploadedBytes),
    discardedBytes: bytes(report.discardedBytes),
    stalledMs: Math.min(report.stalledMs, Math.ceil(passedMs)),
  };
}

/** @returns what was believed of it */
export function countReport(report: PlaybackReport, passedMs: number, metrics: TrackerMetrics): PlaybackReport {
  const clamped = clampReport(report, passedMs);
  metrics.deliveredBytes.inc({ source: 'peer' }, clamped.peerBytes);
  metrics.deliveredBytes.inc({ source: 'edge' }, clamped.edgeBytes);
  metrics.uploadedBytes.inc(clamped.uploadedBytes);
  metrics.discardedBytes.inc(clamped.discardedBytes);
  metrics.rejectedChunks.inc(clamped.rejectedChunks);
  const { mode, startupMs } = clamped;
  metrics.stalls.inc({ mode }, clamped.stalls);
  metrics.stalledSeconds.inc({ mode }, clamped.stalledMs / 1000);
  if (startupMs !== undefined) metrics.startupSeconds.observe({ mode }, startupMs / 1000);
  countViewer(clamped, passedMs, metrics.viewers);
  const cut = clamped.peerBytes < report.peerBytes || clamped.edgeBytes < report.edgeBytes;
  metrics.reports.inc({ outcome: cut ? 'clamped' : 'counted' });
  return clamped;
}
