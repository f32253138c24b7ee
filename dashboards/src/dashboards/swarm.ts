import { type Dashboard, goodAbove, goodBelow } from '../panel.ts';
import { orZero, quantile, select, share, sumRate, total, wholeRate } from '../promql.ts';

const unlinks = (matchers = '', by = '') => sumRate('nearcast_tracker_unlinks_total', matchers, by);
const UNTIL_SOMEBODY_LEAVES = 'appears with the first pair that ends';
const fromPeers = wholeRate('nearcast_player_delivered_bytes_total', 'source="peer"');

export const swarm: Dashboard = {
  uid: 'nearcast-swarm',
  title: 'Nearcast: is the swarm healthy?',
  description: 'Who is there, whether they reach each other, whether duty is done, and what is thrown away.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Peers',
          description:
            'Members of swarms, by dialect; a p2p-media-loader viewer counts once per rendition and audio track.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `sum by (dialect) (${select('nearcast_tracker_peers')})`, legend: '{{dialect}}' }],
        },
        {
          title: 'Swarms',
          description: 'Streams that somebody watches.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `sum(${select('nearcast_tracker_swarms')})`, legend: 'swarms' }],
        },
        {
          title: 'Neighbours of a viewer, median',
          description: 'Connected peers. In large swarms about a dozen is intended.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: quantile(0.5, 'nearcast_player_connected_peers'), legend: 'p50' }],
        },
        {
          title: 'Duty that others had to do',
          description:
            'Backup ÷ (duty + backup): how much of what viewers should have fetched, others fetched in their place.',
          shows: 'number',
          unit: 'percentunit',
          queries: [
            {
              expr: share(
                sumRate('nearcast_player_edge_fetched_bytes_total', 'reason="backup"'),
                sumRate('nearcast_player_edge_fetched_bytes_total', 'reason=~"duty|backup"'),
              ),
              legend: 'backup',
              emptyInHealth: 'the p2p-media-loader engine has no duty, and a viewer alone neither',
            },
          ],
          thresholds: goodBelow(0.05, 0.2),
          runbook: 'edge-share-rising',
        },
      ],
    },
    {
      title: 'Do they reach each other?',
      panels: [
        {
          title: 'Peers over time',
          description: 'Members of swarms, by dialect.',
          shows: 'area',
          unit: 'short',
          queries: [{ expr: `sum by (dialect) (${select('nearcast_tracker_peers')})`, legend: '{{dialect}}' }],
        },
        {
          title: 'Neighbours of a viewer',
          description: 'Percentiles of connected peers. A tenth percentile of 0 means that some viewers reach nobody.',
          shows: 'trend',
          unit: 'short',
          queries: [0.1, 0.5, 0.9].map((q) => ({
            expr: quantile(q, 'nearcast_player_connected_peers'),
            legend: `p${q * 100}`,
          })),
        },
        {
          title: 'Pairs that ended, by reason',
          description:
            '`failed` pairs never connected: NAT or firewall. `closed` is somebody leaving, `rejected` sent wrong bytes.',
          shows: 'area',
          unit: 'short',
          queries: [{ expr: unlinks('', 'reason'), legend: '{{reason}}', emptyInHealth: UNTIL_SOMEBODY_LEAVES }],
          runbook: 'rejected-chunks',
        },
        {
          title: 'Pairs that could not connect',
          description:
            'Failed ÷ all pairs that ended: the share that NAT and firewalls take. Above a third, think of a TURN server.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [
            {
              expr: share(unlinks('reason="failed"'), unlinks()),
              legend: 'failed',
              emptyInHealth: UNTIL_SOMEBODY_LEAVES,
            },
          ],
          thresholds: goodBelow(0.15, 0.33),
        },
        {
          title: 'Pairs that connected, by kind',
          description:
            'The farther end of each pair: `host` is one network, `srflx` and `prflx` are through address translation, `relay` costs TURN traffic. Beside them the pairs that failed.',
          shows: 'area',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('nearcast_player_pairs_total', '', 'connection'),
              legend: '{{connection}}',
            },
            { expr: unlinks('reason="failed"', 'reason'), legend: '{{reason}}', emptyInHealth: UNTIL_SOMEBODY_LEAVES },
          ],
        },
        {
          title: 'Bytes between viewers, by kind of connection',
          description: 'What viewers say they received from others. What is relayed is paid for twice.',
          shows: 'area',
          unit: 'Bps',
          queries: [
            {
              expr: sumRate('nearcast_player_exchanged_bytes_total', '', 'connection'),
              legend: '{{connection}}',
            },
          ],
        },
        {
          title: 'Signals passed on',
          description: 'Offers, answers and candidates that the tracker relays between viewers that meet.',
          shows: 'area',
          unit: 'mps',
          queries: [{ expr: sumRate('nearcast_tracker_relayed_total', '', 'kind'), legend: '{{kind}}' }],
        },
        {
          title: 'Share of viewers that share',
          description:
            'Seconds played in a swarm ÷ all. The rest has no peers, no WebRTC, no consent, or a metered line.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [
            {
              expr: share(
                wholeRate('nearcast_player_played_seconds_total', 'mode="swarm"'),
                wholeRate('nearcast_player_played_seconds_total'),
              ),
              legend: 'sharing',
            },
          ],
          thresholds: goodAbove(0.6, 0.3),
        },
      ],
    },
    {
      title: 'What is thrown away, and what it asks of viewers',
      panels: [
        {
          title: 'Thrown away',
          description: 'Duplicates, aborted transfers and failed hashes ÷ what came from peers.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [{ expr: share(sumRate('nearcast_player_discarded_bytes_total'), fromPeers), legend: 'discarded' }],
          thresholds: goodBelow(0.05, 0.1),
        },
        {
          title: 'Chunks with a wrong hash',
          description:
            'None is normal. Some mean a viewer that sends what is not the stream, or two edges with different bytes.',
          shows: 'trend',
          unit: 'short',
          queries: [{ expr: orZero(total('nearcast_player_rejected_chunks_total')), legend: 'rejected' }],
          thresholds: goodBelow(1, 10),
          runbook: 'rejected-chunks',
        },
        {
          title: 'Upload of a viewer',
          description: 'Percentiles of what viewers send, averaged over each report.',
          shows: 'trend',
          unit: 'Bps',
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, 'nearcast_player_upload_bytes_per_second'),
            legend: `p${q * 100}`,
          })),
        },
        {
          title: 'Upload of a viewer, over its stay',
          description: 'Percentiles of what viewers that have left had sent to others.',
          shows: 'trend',
          unit: 'decbytes',
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, 'nearcast_player_session_uploaded_bytes'),
            legend: `p${q * 100}`,
          })),
        },
      ],
    },
  ],
};
