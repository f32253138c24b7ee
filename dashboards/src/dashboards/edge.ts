import { type Dashboard, goodAbove, goodBelow } from '../panel.ts';
import { quantile, select, share, sumRate } from '../promql.ts';

const requests = (matchers = '', by = '') => sumRate('nearcast_edge_requests_total', matchers, by);

export const edge: Dashboard = {
  uid: 'nearcast-edge',
  title: 'Nearcast: is the edge healthy?',
  description: 'What the cache spares the origin, how the origin answers, and what memory and disk do.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Answered without the origin',
          description: 'Hits, and requests that waited for the fetch of another, ÷ all.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: share(requests('cache=~"hit|collapsed"'), requests()), legend: 'hits' }],
          thresholds: goodAbove(0.9, 0.7),
          runbook: 'edge-hit-ratio-low',
        },
        {
          title: 'Sending',
          description: 'Responses whose bodies are on their way.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `sum(${select('nearcast_edge_sending')})`, legend: 'sending' }],
        },
        {
          title: 'Origins that answer',
          description: 'Origins that are asked ÷ all. The others are left alone until they answer a probe.',
          shows: 'number',
          unit: 'percentunit',
          queries: [
            {
              expr: `avg(${select('nearcast_edge_origin_up')})`,
              legend: 'up',
            },
          ],
          thresholds: goodAbove(1, 0.5),
          runbook: 'origin-down',
        },
        {
          title: 'Failures of the origin',
          description: 'Requests that an origin did not answer well ÷ all that it was asked.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: `max(${select('nearcast:origin_failures:ratio5m')})`, legend: 'failures' }],
          thresholds: goodBelow(0.01, 0.05),
          runbook: 'origin-errors',
        },
      ],
    },
    {
      title: 'Traffic',
      panels: [
        {
          title: 'Requests, by what the cache could do',
          description: '`collapsed` waited for the fetch of another; `stale` was served while the origin failed.',
          shows: 'area',
          unit: 'reqps',
          queries: [{ expr: requests('', 'cache'), legend: '{{cache}}' }],
          runbook: 'edge-hit-ratio-low',
        },
        {
          title: 'Sent, by kind',
          description: 'Body bytes handed to clients.',
          shows: 'area',
          unit: 'Bps',
          queries: [{ expr: sumRate('nearcast_edge_sent_bytes_total', '', 'kind'), legend: '{{kind}}' }],
        },
        {
          title: 'Fetched from the origin',
          description: 'Body bytes. Beside "Sent": what the cache is worth.',
          shows: 'trend',
          unit: 'Bps',
          queries: [{ expr: sumRate('nearcast_edge_origin_bytes_total'), legend: 'from the origin' }],
        },
        {
          title: 'Responses, by status',
          description:
            '5xx is trouble at the edge or behind it; 4xx are requests for what is not there, or not any more.',
          shows: 'area',
          unit: 'reqps',
          queries: [{ expr: sumRate('nearcast_edge_responses_total', '', 'status'), legend: '{{status}}' }],
          runbook: 'origin-errors',
        },
      ],
    },
    {
      title: 'Origin',
      panels: [
        {
          title: 'Time until the origin answers',
          description: 'Until its headers are there. Blocking playlist reloads (low latency) are held on purpose.',
          shows: 'trend',
          unit: 's',
          queries: [0.5, 0.95].map((q) => ({
            expr: quantile(q, 'nearcast_edge_origin_seconds'),
            legend: `p${q * 100}`,
          })),
        },
        {
          title: 'Failures, by origin and reason',
          description: 'Requests that an origin did not answer well.',
          shows: 'area',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('nearcast_edge_origin_failures_total', '', 'origin, reason'),
              legend: '{{origin}}: {{reason}}',
              emptyInHealth: 'appears with the first failure',
            },
          ],
          runbook: 'origin-errors',
        },
      ],
    },
    {
      title: 'Memory, disk, manifests',
      panels: [
        {
          title: 'Cached',
          description: 'Bytes in each tier, and bodies that are busy beside it.',
          shows: 'area',
          unit: 'bytes',
          queries: [
            { expr: `sum by (tier) (${select('nearcast_edge_cached_bytes')})`, legend: '{{tier}}' },
            { expr: `sum(${select('nearcast_edge_busy_bytes')})`, legend: 'busy' },
          ],
        },
        {
          title: 'Pushed out',
          description:
            'Objects pushed out of a tier by others. Steady eviction with a low hit ratio: the cache is too small.',
          shows: 'trend',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('nearcast_edge_evictions_total', '', 'tier'),
              legend: '{{tier}}',
              emptyInHealth: 'appears when a tier is full',
            },
          ],
          runbook: 'edge-hit-ratio-low',
        },
        {
          title: 'Disk trouble',
          description: 'Objects that were not kept on disk, by why, and files that were found torn or altered.',
          shows: 'trend',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('nearcast_edge_disk_unwritten_total', '', 'because'),
              legend: 'not kept: {{because}}',
              emptyInHealth: 'appears with the first object that is not kept',
            },
            { expr: sumRate('nearcast_edge_disk_damaged_total'), legend: 'damaged' },
          ],
          runbook: 'edge-disk-failing',
        },
        {
          title: 'Manifests',
          description: 'Signed, and asked for but not vouched for. Without manifests viewers do not share.',
          shows: 'trend',
          unit: 'ops',
          queries: [
            { expr: sumRate('nearcast_edge_manifests_total'), legend: 'signed' },
            {
              expr: sumRate('nearcast_edge_manifest_refusals_total', '', 'because'),
              legend: 'refused: {{because}}',
              emptyInHealth: 'appears with the first refusal',
            },
          ],
          runbook: 'manifests-refused',
        },
        {
          title: 'Processor and event loop',
          description: 'Processor seconds per second, and how late the event loop is (p99).',
          shows: 'trend',
          unit: 's',
          queries: [
            {
              expr: `${sumRate('process_cpu_seconds_total', 'job="nearcast-edge"', 'instance')}`,
              legend: '{{instance}} processor',
            },
            {
              expr: select('nodejs_eventloop_lag_p99_seconds', 'job="nearcast-edge"'),
              legend: '{{instance}} lag p99',
            },
          ],
        },
        {
          title: 'Memory of the process',
          description: 'Resident bytes.',
          shows: 'trend',
          unit: 'bytes',
          queries: [{ expr: select('process_resident_memory_bytes', 'job="nearcast-edge"'), legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
