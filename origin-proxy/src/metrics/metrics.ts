import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of the edge. */
export interface EdgeMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'cache'>;
  readonly lookups: Counter<'kind' | 'cache'>;
  readonly responses: Counter<'status'>;
  readonly refusals: Counter<'because'>;
  readonly sentBytes: Counter<'kind'>;
  readonly originBytes: Counter;
  readonly originSeconds: Histogram<'outcome'>;
  readonly originFailures: Counter<'origin' | 'reason'>;
  readonly originUp: Gauge<'origin'>;
  readonly evictions: Counter<'tier'>;
  readonly unwritten: Counter<'because'>;
  readonly damaged: Counter;
  readonly prefetches: Counter;
  readonly manifests: Counter;
  readonly manifestRefusals: Counter<'because'>;
  readonly hashingSeconds: Counter;
  readonly signingSeconds: Counter;
  readonly torrents: Counter;
  readonly torrentHashedBytes: Counter;
  readonly torrentRefusals: Counter<'because'>;
  readonly cmcdRequests: Counter<'object' | 'stream'>;
  readonly cmcdStarved: Counter<'stream'>;
  readonly cmcdBufferSeconds: Histogram<'stream'>;
  readonly cmcdThroughput: Histogram<'stream'>;
}

/** What is measured when somebody looks. */
export interface EdgeState {
  memoryBytes(): number;
  diskBytes(): number;
  /** Bodies that arrive, or that are being sent after the cache has let go of them. */
  busyBytes(): number;
  waiting(): number;
  sending(): number;
  publishedTorrents(): number;
  torrentJobs(): { running: number; waiting: number };
}

export function createMetrics(state: EdgeState): EdgeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const watch = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  new Gauge({
    name: 'nearcast_edge_cached_bytes',
    help: 'Bytes in each tier of the cache.',
    labelNames: ['tier'], // memory | disk
    registers,
    collect() {
      this.set({ tier: 'memory' }, state.memoryBytes());
      this.set({ tier: 'disk' }, state.diskBytes());
    },
  });
  watch('nearcast_edge_busy_bytes', 'Bodies that arrive, or are sent after leaving the cache.', state.busyBytes);
  watch('nearcast_edge_collapsed_waiting', 'Requests that wait for a fetch of another.', state.waiting);
  watch('nearcast_edge_sending', 'Responses whose bodies are on their way.', state.sending);
  watch('nearcast_edge_torrents_published', 'Files whose torrents trackers may allow.', state.publishedTorrents);
  new Gauge({
    name: 'nearcast_edge_torrent_jobs',
    help: 'Files that are being hashed for their torrents, or wait for it.',
    labelNames: ['state'], // running | waiting
    registers,
    collect() {
      for (const [name, count] of Object.entries(state.torrentJobs())) this.set({ state: name }, count);
    },
  });
  return {
    registry,
    requests: new Counter({
      name: 'nearcast_edge_requests_total',
      help: 'Requests for media, by what the cache could do for them.',
      labelNames: ['cache'], // hit | miss | collapsed | stale
      registers,
    }),
    lookups: new Counter({
      name: 'nearcast_edge_lookups_total',
      help: 'The same requests, by kind of object too.',
      labelNames: ['kind', 'cache'], // segment | playlist | manifest | torrent
      registers,
    }),
    responses: new Counter({
      name: 'nearcast_edge_responses_total',
      help: 'Responses for media, by status class.',
      labelNames: ['status'], // 2xx | 3xx | 4xx | 5xx
      registers,
    }),
    refusals: new Counter({
      name: 'nearcast_edge_refusals_total',
      help: 'Requests that were turned away before the cache was asked.',
      labelNames: ['because'], // malformed | method | loop | rate | token
      registers,
    }),
    sentBytes: new Counter({
      name: 'nearcast_edge_sent_bytes_total',
      help: 'Body bytes handed to client connections.',
      labelNames: ['kind'], // segment | playlist | manifest | torrent
      registers,
    }),
    ...originMetrics(registers),
    ...storeMetrics(registers),
    ...manifestMetrics(registers),
    ...torrentMetrics(registers),
    ...cmcdMetrics(registers),
  };
}

function originMetrics(registers: Registry[]) {
  return {
    originBytes: new Counter({
      name: 'nearcast_edge_origin_bytes_total',
      help: 'Body bytes received from the origin.',
      registers,
    }),
    originSeconds: new Histogram({
      name: 'nearcast_edge_origin_seconds',
      help: 'Time until the origin answered with headers; blocking reloads are held on purpose.',
      labelNames: ['outcome'], // ok | error
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    originFailures: new Counter({
      name: 'nearcast_edge_origin_failures_total',
      help: 'Requests that an origin did not answer well.',
      labelNames: ['origin', 'reason'],
      registers,
    }),
    originUp: new Gauge({
      name: 'nearcast_edge_origin_up',
      help: 'Whether an origin is asked (1) or left alone until it answers a probe (0).',
      labelNames: ['origin'],
      registers,
    }),
  };
}

function storeMetrics(registers: Registry[]) {
  return {
    evictions: new Counter({
      name: 'nearcast_edge_evictions_total',
      help: 'Objects pushed out of a tier by others.',
      labelNames: ['tier'],
      registers,
    }),
    unwritten: new Counter({
      name: 'nearcast_edge_disk_unwritten_total',
      help: 'Objects that were not kept on disk: it was full, failed, or was slower than the origin.',
      labelNames: ['because'], // full | error | busy
      registers,
    }),
    damaged: new Counter({
      name: 'nearcast_edge_disk_damaged_total',
      help: 'Files of the disk cache that were torn or altered, and were removed.',
      registers,
    }),
    prefetches: new Counter({
      name: 'nearcast_edge_prefetches_total',
      help: 'Segments and parts that were fetched because a playlist named them.',
      registers,
    }),
  };
}

function manifestMetrics(registers: Registry[]) {
  return {
    manifests: new Counter({
      name: 'nearcast_edge_manifests_total',
      help: 'Manifests that were signed.',
      registers,
    }),
    manifestRefusals: new Counter({
      name: 'nearcast_edge_manifest_refusals_total',
      help: 'Manifests that were asked for and could not be vouched for.',
      labelNames: ['because'],
      registers,
    }),
    hashingSeconds: new Counter({
      name: 'nearcast_edge_hashing_seconds_total',
      help: 'Processor time spent on hashing what came from the origin.',
      registers,
    }),
    signingSeconds: new Counter({
      name: 'nearcast_edge_signing_seconds_total',
      help: 'Processor time spent on signatures.',
      registers,
    }),
  };
}

function torrentMetrics(registers: Registry[]) {
  return {
    torrents: new Counter({
      name: 'nearcast_edge_torrents_made_total',
      help: 'Torrents that were made.',
      registers,
    }),
    torrentHashedBytes: new Counter({
      name: 'nearcast_edge_torrent_hashed_bytes_total',
      help: 'Bytes of files that were hashed for their torrents.',
      registers,
    }),
    torrentRefusals: new Counter({
      name: 'nearcast_edge_torrent_refusals_total',
      help: 'Torrents that were asked for and are not there, or not yet.',
      labelNames: ['because'],
      registers,
    }),
  };
}

function cmcdMetrics(registers: Registry[]) {
  return {
    cmcdRequests: new Counter({
      name: 'nearcast_edge_cmcd_requests_total',
      help: 'Requests with Common Media Client Data (CTA-5004), by object and stream type.',
      labelNames: ['object', 'stream'], // video | audio | muxed | init | other; live | vod | unknown
      registers,
    }),
    cmcdStarved: new Counter({
      name: 'nearcast_edge_cmcd_starved_total',
      help: 'Requests of players that had run out of media since their last one (CMCD bs).',
      labelNames: ['stream'],
      registers,
    }),
    cmcdBufferSeconds: new Histogram({
      name: 'nearcast_edge_cmcd_buffer_seconds',
      help: 'Media that players had buffered when they asked (CMCD bl).',
      labelNames: ['stream'],
      buckets: [0.5, 1, 2, 4, 8, 16, 32, 64],
      registers,
    }),
    cmcdThroughput: new Histogram({
      name: 'nearcast_edge_cmcd_throughput_bytes_per_second',
      help: 'Throughput that players measured (CMCD mtp).',
      labelNames: ['stream'],
      buckets: [62_500, 125_000, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000],
      registers,
    }),
  };
}
