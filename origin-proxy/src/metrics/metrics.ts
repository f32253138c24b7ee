import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of the edge. */
export interface EdgeMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'cache'>;
  readonly responses: Counter<'status'>;
  readonly sentBytes: Counter<'kind'>;
  readonly originBytes: Counter;
  readonly originSeconds: Histogram<'outcome'>;
  readonly evictions: Counter;
}

export function createMetrics(cachedBytes: () => number): EdgeMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'nearcast_edge_cached_bytes',
    help: 'Bytes in the memory cache.',
    registers,
    collect() {
      this.set(cachedBytes());
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
    responses: new Counter({
      name: 'nearcast_edge_responses_total',
      help: 'Responses for media, by status class.',
      labelNames: ['status'], // 2xx | 3xx | 4xx | 5xx
      registers,
    }),
    sentBytes: new Counter({
      name: 'nearcast_edge_sent_bytes_total',
      help: 'Body bytes handed to client connections.',
      labelNames: ['kind'], // segment | playlist | manifest
      registers,
    }),
    originBytes: new Counter({
      name: 'nearcast_edge_origin_bytes_total',
      help: 'Body bytes received from the origin.',
      registers,
    }),
    originSeconds: new Histogram({
      name: 'nearcast_edge_origin_seconds',
      help: 'Time until the origin answered with headers.',
      labelNames: ['outcome'], // ok | error
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    evictions: new Counter({
      name: 'nearcast_edge_evictions_total',
      help: 'Objects pushed out of the memory cache by others.',
      registers,
    }),
  };
}
