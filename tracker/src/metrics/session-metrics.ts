import { Histogram, type Registry } from 'prom-client';
import type { SessionTotals } from '../reports/reporter.ts';

/** How viewers fared over their whole stay: one observation each, when they have left. */
export interface SessionMetrics {
  readonly offload: Histogram;
  readonly uploadedBytes: Histogram;
  readonly stallsPerHour: Histogram;
  readonly stalledSecondsPerHour: Histogram;
}

/** Who stayed for less says nothing: one stall would be hundreds an hour. */
const SHORTEST_SESSION_MS = 30_000;
const ONE_HOUR_MS = 3_600_000;
const MB = 1_000_000;

export function createSessionMetrics(registers: Registry[]): SessionMetrics {
  return {
    offload: new Histogram({
      name: 'nearcast_player_session_offload_ratio',
      help: 'Share of its media that a viewer had from others, once it has left.',
      buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1],
      registers,
    }),
    uploadedBytes: new Histogram({
      name: 'nearcast_player_session_uploaded_bytes',
      help: 'Media that a viewer sent to others, once it has left.',
      buckets: [0, MB, 5 * MB, 20 * MB, 50 * MB, 100 * MB, 200 * MB, 500 * MB, 1000 * MB, 2000 * MB, 5000 * MB],
      registers,
    }),
    stallsPerHour: new Histogram({
      name: 'nearcast_player_session_stalls_per_hour',
      help: 'How often playback stopped per hour that was played, once the viewer has left.',
      buckets: [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
    stalledSecondsPerHour: new Histogram({
      name: 'nearcast_player_session_stalled_seconds_per_hour',
      help: 'How long playback stood still per hour that was played, once the viewer has left.',
      buckets: [0, 1, 2, 5, 10, 20, 60, 180, 600, 1800],
      registers,
    }),
  };
}

export function countSession(session: SessionTotals, metrics: SessionMetrics): void {
  const { peerBytes, edgeBytes, uploadedBytes, playedMs, stalls, stalledMs } = session;
  if (playedMs < SHORTEST_SESSION_MS) return;
  const hours = playedMs / ONE_HOUR_MS;
  if (peerBytes + edgeBytes > 0) metrics.offload.observe(peerBytes / (peerBytes + edgeBytes));
  metrics.uploadedBytes.observe(uploadedBytes);
  metrics.stallsPerHour.observe(stalls / hours);
  metrics.stalledSecondsPerHour.observe(stalledMs / 1000 / hours);
}
