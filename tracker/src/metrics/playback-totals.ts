import type { LinkReport, PlaybackReport } from '@nearcast/protocol';
import type { Believed } from '../reports/reporter.ts';
import type { TrackerMetrics } from './metrics.ts';
import type { ReportTallies } from './report-tallies.ts';
import { countViewer } from './viewer-metrics.ts';

/** A browser that moves more than this in either direction is not believed: 1 Gbit/s, in bytes per millisecond. */
const MAX_BYTES_PER_MS = 125_000;
/** The smallest chunk that can be wrong. */
const MIN_CHUNK_BYTES = 16 * 1024;

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
    rejectedChunks: Math.min(report.rejectedChunks, Math.ceil(maxBytes / MIN_CHUNK_BYTES)),
    // Playback that stops and goes on more than once in a second has not gone on.
    stalls: Math.min(report.stalls, 1 + Math.floor(passedMs / 1000)),
    stalledMs: Math.min(report.stalledMs, Math.ceil(passedMs)),
    playedMs: Math.min(report.playedMs, Math.ceil(passedMs)),
    links: clampLinks(report.links, maxBytes),
  };
}

/** Nearly all are what they can be, and stay as they are. */
function clampLinks(links: readonly LinkReport[], maxBytes: number): readonly LinkReport[] {
  let [received, sent] = [0, 0];
  for (const link of links) {
    received += link.receivedBytes;
    sent += link.sentBytes;
  }
  return received <= maxBytes && sent <= maxBytes ? links : cutLinks(links, maxBytes);
}

function cutLinks(links: readonly LinkReport[], maxBytes: number): LinkReport[] {
  let [mayReceive, maySend] = [maxBytes, maxBytes];
  return links.map((link) => {
    const receivedBytes = Math.min(link.receivedBytes, mayReceive);
    const sentBytes = Math.min(link.sentBytes, maySend);
    mayReceive -= receivedBytes;
    maySend -= sentBytes;
    return { ...link, receivedBytes, sentBytes };
  });
}

/** @param report as far as it is believed */
export function countReport(
  report: PlaybackReport,
  passedMs: number,
  tallies: ReportTallies,
  metrics: TrackerMetrics,
): void {
  countBelieved(report, tallies);
  const { mode, startupMs, discardedBytes, rejectedChunks } = report;
  const { stalls, stalledSeconds, playedSeconds } = tallies.in[mode];
  tallies.fromEdge.count += report.edgeBytes;
  stalls.count += report.stalls;
  stalledSeconds.count += report.stalledMs / 1000;
  playedSeconds.count += report.playedMs / 1000;
  if (discardedBytes > 0) metrics.discardedBytes.inc(discardedBytes);
  if (rejectedChunks > 0) metrics.rejectedChunks.inc(rejectedChunks);
  if (startupMs !== undefined) metrics.startupSeconds.observe({ mode, ...tallies.labels }, startupMs / 1000);
  countViewer(report, passedMs, metrics.viewers);
}

export function countBelieved(believed: Believed, { fromPeers, uploaded }: ReportTallies): void {
  fromPeers.count += believed.peerBytes;
  uploaded.count += believed.uploadedBytes;
}
