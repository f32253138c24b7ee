import { type ConnectionKind, connectionKinds, type PlaybackReport } from '@nearcast/protocol';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { ReportLabels } from '../reports/report-labels.ts';
import { TalliedCounter, type Tally } from './tallied-counter.ts';

/** How viewers fare, report by report: who shares beside who does not, and what sharing costs them. */
export interface ViewerMetrics {
  readonly playedSeconds: TalliedCounter<'mode' | keyof ReportLabels>;
  readonly renditionSeconds: TalliedCounter<'rendition' | 'mode'>;
  readonly edgeFetchedBytes: Readonly<Record<(typeof toldReasons)[number] | 'other', Tally>>;
  readonly pairs: Counter<'connection'>;
  readonly exchangedBytes: Readonly<Record<ConnectionKind | 'unknown', Tally>>;
  readonly controlBytes: Tally;
  readonly latencySeconds: Histogram<'mode'>;
  readonly connectedPeers: Histogram;
  readonly uploadBytesPerSecond: Histogram;
}

const SHORTEST_INTERVAL_MS = 1000;

const toldReasons = ['duty', 'backup', 'early', 'repair'] as const;

export function createViewerMetrics(registers: Registry[]): ViewerMetrics {
  const exchangedBytes = new TalliedCounter({
    name: 'nearcast_player_exchanged_bytes_total',
    help: 'What viewers say they received from others, kept or not, by the kind of their connection.',
    labelNames: ['connection'], // host | prflx | srflx | relay | unknown
    registers,
  });
  const edgeFetchedBytes = new TalliedCounter({
    name: 'nearcast_player_edge_fetched_bytes_total',
    help: 'Media bytes that players fetched from the edge, by why.',
    labelNames: ['reason'], // duty | backup | early | repair | other
    registers,
  });
  const controlBytes = new TalliedCounter({
    name: 'nearcast_player_control_bytes_total',
    help: 'What the exchange between viewers cost beside the media.',
    registers,
  });
  return {
    playedSeconds: new TalliedCounter({
      name: 'nearcast_player_played_seconds_total',
      help: 'Media that was played, by whether the viewer shared at the time.',
      labelNames: ['mode', 'content', 'region'], // swarm | edge-only
      registers,
    }),
    renditionSeconds: new TalliedCounter({
      name: 'nearcast_player_rendition_played_seconds_total',
      help: 'Media that was played, by the rendition (its lines, rounded to the usual ones).',
      labelNames: ['rendition', 'mode'], // 144p … 2160p | unknown
      registers,
    }),
    pairs: new Counter({
      name: 'nearcast_player_pairs_total',
      help: 'Pairs of viewers that have exchanged something, by the kind of their connection.',
      labelNames: ['connection'], // host | prflx | srflx | relay
      registers,
    }),
    exchangedBytes: talliesOf([...connectionKinds, 'unknown'], (connection) => exchangedBytes.tallyOf({ connection })),
    edgeFetchedBytes: talliesOf([...toldReasons, 'other'], (reason) => edgeFetchedBytes.tallyOf({ reason })),
    controlBytes: controlBytes.tallyOf({}),
    latencySeconds: new Histogram({
      name: 'nearcast_player_latency_seconds',
      help: 'How far live viewers are behind the live edge, once per report.',
      labelNames: ['mode'],
      buckets: [0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64],
      registers,
    }),
    connectedPeers: new Histogram({
      name: 'nearcast_player_connected_peers',
      help: 'Neighbours that viewers are connected to, once per report.',
      buckets: [0, 1, 2, 4, 6, 8, 12, 16, 24, 32],
      registers,
    }),
    uploadBytesPerSecond: new Histogram({
      name: 'nearcast_player_upload_bytes_per_second',
      help: 'What viewers send to others, on average over each report.',
      buckets: [0, 25_000, 62_500, 125_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000],
      registers,
    }),
  };
}

/** `report` is what is believed; `passedMs` the tracker's own measure of the time that it covers. */
export function countViewer(report: PlaybackReport, passedMs: number, metrics: ViewerMetrics): void {
  const { mode, edgeBytes, latencyMs } = report;
  metrics.renditionSeconds.inc({ rendition: renditionOf(report.height), mode }, report.playedMs / 1000);
  // One counter per link: what each is called was looked up once for all.
  for (const link of report.links) metrics.exchangedBytes[link.connection ?? 'unknown'].count += link.receivedBytes;
  let unexplained = edgeBytes;
  for (const reason of toldReasons) {
    const bytes = Math.min(report[`${reason}Bytes`], unexplained);
    unexplained -= bytes;
    metrics.edgeFetchedBytes[reason].count += bytes;
  }
  metrics.edgeFetchedBytes.other.count += unexplained;
  // The exchange's own traffic is a few per cent of the media; no more than the media is believed.
  metrics.controlBytes.count += Math.min(report.controlBytes, report.peerBytes + report.uploadedBytes);
  // Who reports all the time must not outweigh the others.
  if (passedMs < SHORTEST_INTERVAL_MS) return;
  metrics.connectedPeers.observe(report.connectedPeers);
  if (latencyMs !== undefined) metrics.latencySeconds.observe({ mode }, latencyMs / 1000);
  metrics.uploadBytesPerSecond.observe((report.uploadedBytes * 1000) / passedMs);
}

function talliesOf<Value extends string>(
  values: readonly Value[],
  tallyOf: (value: Value) => Tally,
): Readonly<Record<Value, Tally>> {
  return Object.fromEntries(values.map((value) => [value, tallyOf(value)])) as Record<Value, Tally>;
}

/** Names that are there already: one that is made anew for each report is hashed anew, too. */
const usual = [144, 240, 360, 480, 720, 1080, 1440, 2160].map((lines) => ({ lines, name: `${lines}p` }));

function renditionOf(height: number | undefined): string {
  if (height === undefined) return 'unknown';
  const distance = ({ lines }: { readonly lines: number }) => Math.abs(lines - height);
  return usual.reduce((best, next) => (distance(next) < distance(best) ? next : best)).name;
}
