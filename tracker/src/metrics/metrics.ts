import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { OTHER, type ReportLabels } from '../reports/report-labels.ts';
import { type ReportCounters, type ReportTallies, reportTallies } from './report-tallies.ts';
import { createSessionMetrics, type SessionMetrics } from './session-metrics.ts';
import { TalliedCounter } from './tallied-counter.ts';
import { createViewerMetrics, type ViewerMetrics } from './viewer-metrics.ts';

const REPORT_LABELS = ['content', 'region'] as const;

/** Every metric of the tracker: base units, bounded labels, no viewer and no swarm in any of them. */
export interface TrackerMetrics {
  readonly registry: Registry;
  readonly messages: Counter<'dialect' | 'outcome'>;
  readonly refusedConnections: Counter<'reason'>;
  readonly refusedJoins: Counter<'reason'>;
  readonly relayed: Counter<'kind'>;
  readonly droppedSignals: Counter<'because'>;
  readonly refusedAnnounces: Counter<'because'>;
  readonly unlinks: Counter<'reason'>;
  readonly discardedBytes: Counter;
  readonly rejectedChunks: Counter;
  readonly startupSeconds: Histogram<'mode' | keyof ReportLabels>;
  readonly reports: Counter<'outcome'>;
  readonly disagreement: Counter<'between' | 'claimed'>;
  readonly stunRequests: Counter<'outcome'>;
  readonly viewers: ViewerMetrics;
  readonly sessions: SessionMetrics;
  /**
   * What reports under these labels add to. All their series begin now: one that begins with its first event hides that event,
   * as Prometheus has no earlier value to compare it with.
   */
  talliesOf(labels: ReportLabels): ReportTallies;
}

/** Read when Prometheus asks. */
export interface TrackerGauges {
  connections(): number;
  swarms(): number;
  peers(): { webtorrent: number; nearcast: number };
  draining(): boolean;
  torrentSwarms(): number;
  publishedFiles(): number;
}

export function createMetrics(gauges: TrackerGauges): TrackerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('nearcast_tracker_connections', 'Open WebSocket connections.', gauges.connections);
  gauge('nearcast_tracker_swarms', 'Swarms with at least one peer, over both dialects.', gauges.swarms);
  gauge('nearcast_tracker_torrent_swarms', 'Swarms of the WebTorrent dialect: files.', gauges.torrentSwarms);
  gauge('nearcast_tracker_published_files', 'Infohashes that may have swarms.', gauges.publishedFiles);
  gauge('nearcast_tracker_draining', '1 while the tracker is sending its viewers away.', () => +gauges.draining());
  new Gauge({
    name: 'nearcast_tracker_peers',
    help: 'Peers in swarms, by dialect; a p2p-media-loader viewer counts once per rendition and audio track.',
    labelNames: ['dialect'],
    registers,
    collect() {
      for (const [dialect, count] of Object.entries(gauges.peers())) this.set({ dialect }, count);
    },
  });
  const counters: Omit<ReportCounters, 'playedSeconds'> = {
    deliveredBytes: new TalliedCounter({
      name: 'nearcast_player_delivered_bytes_total',
      help: 'Media bytes that players received, by source; from peers as far as both ends tell it.',
      labelNames: ['source', ...REPORT_LABELS], // peer | edge
      registers,
    }),
    uploadedBytes: new TalliedCounter({
      name: 'nearcast_player_uploaded_bytes_total',
      help: 'Media bytes that players sent to peers, as far as both ends tell it.',
      labelNames: REPORT_LABELS,
      registers,
    }),
    stalls: new TalliedCounter({
      name: 'nearcast_player_stalls_total',
      help: 'How often playback stopped for want of data.',
      labelNames: ['mode', ...REPORT_LABELS], // swarm | edge-only
      registers,
    }),
    stalledSeconds: new TalliedCounter({
      name: 'nearcast_player_stalled_seconds_total',
      help: 'How long playback stood still for want of data.',
      labelNames: ['mode', ...REPORT_LABELS],
      registers,
    }),
  };
  const metrics: Omit<TrackerMetrics, 'talliesOf'> = {
    registry,
    messages: new TalliedCounter({
      name: 'nearcast_tracker_messages_total',
      help: 'Messages received, by dialect and by what became of them.',
      labelNames: ['dialect', 'outcome'], // accepted | malformed | too-many
      registers,
    }),
    refusedConnections: new Counter({
      name: 'nearcast_tracker_refused_connections_total',
      help: 'Connections refused or ended by the tracker.',
      // draining | full | flood | slow-reader | proxy-header | origin | token | address | dialect | undecided
      labelNames: ['reason'],
      registers,
    }),
    refusedJoins: new Counter({
      name: 'nearcast_tracker_refused_joins_total',
      help: 'Viewers not let into a swarm, or shown out of it when their token ran out, and renewals not taken.',
      labelNames: ['reason'], // TokenProblem | undecided | unsealed | too-many | swarm-busy
      registers,
    }),
    relayed: new TalliedCounter({
      name: 'nearcast_tracker_relayed_total',
      help: 'Offers, answers and signals passed from one peer to another.',
      labelNames: ['kind'], // offer | answer | signal
      registers,
    }),
    droppedSignals: new Counter({
      name: 'nearcast_tracker_dropped_signals_total',
      help: 'Signals of the Nearcast dialect that were passed on to nobody.',
      // no-pair: not introduced, or gone | alone: the same while the other replicas cannot be reached
      labelNames: ['because'],
      registers,
    }),
    refusedAnnounces: new Counter({
      name: 'nearcast_tracker_refused_announces_total',
      help: 'Announces of the WebTorrent dialect that were refused.',
      labelNames: ['because'], // not-published | not-allowed
      registers,
    }),
    unlinks: new Counter({
      name: 'nearcast_tracker_unlinks_total',
      help: 'Introduced pairs that are not connected, or no longer, by reason.',
      labelNames: ['reason'], // failed | closed | rejected | replaced
      registers,
    }),
    stunRequests: new Counter({
      name: 'nearcast_tracker_stun_requests_total',
      help: 'Datagrams to the STUN port, by what became of them.',
      labelNames: ['outcome'], // answered | refused | malformed | limited
      registers,
    }),
    discardedBytes: new TalliedCounter({
      name: 'nearcast_player_discarded_bytes_total',
      help: 'Bytes that players received and threw away: duplicates, aborted transfers, failed hashes.',
      registers,
    }),
    rejectedChunks: new TalliedCounter({
      name: 'nearcast_player_rejected_chunks_total',
      help: 'Chunks from peers whose hash did not match.',
      registers,
    }),
    startupSeconds: new Histogram({
      name: 'nearcast_player_startup_seconds',
      help: 'From the request for the playlist to the first frame.',
      labelNames: ['mode', ...REPORT_LABELS],
      buckets: [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 30],
      registers,
    }),
    reports: new TalliedCounter({
      name: 'nearcast_tracker_reports_total',
      help: 'Playback reports, by what became of them.',
      labelNames: ['outcome'], // counted | clamped
      registers,
    }),
    disagreement: new Counter({
      name: 'nearcast_tracker_report_disagreement_bytes_total',
      help: 'Bytes exchanged between viewers that only one end told of, and that are not believed.',
      // unnamed: with some other viewer of the swarm, whose name the engine does not know.
      labelNames: ['between', 'claimed'], // claimed: received | sent
      registers,
    }),
    viewers: createViewerMetrics(registers),
    sessions: createSessionMetrics(registers),
  };
  for (const between of ['named', 'unnamed']) {
    for (const claimed of ['received', 'sent']) metrics.disagreement.inc({ between, claimed }, 0);
  }
  const { playedSeconds } = metrics.viewers;
  const begun = new Map<string, ReportTallies>();
  function talliesOf(labels: ReportLabels): ReportTallies {
    const name = `${labels.content}\n${labels.region}`;
    const known = begun.get(name);
    if (known) return known;
    const tallies = reportTallies(labels, { ...counters, playedSeconds });
    begun.set(name, tallies);
    for (const mode of ['swarm', 'edge-only']) metrics.startupSeconds.zero({ mode, ...tallies.labels });
    return tallies;
  }
  talliesOf({ content: OTHER, region: OTHER });
  return { ...metrics, talliesOf };
}
