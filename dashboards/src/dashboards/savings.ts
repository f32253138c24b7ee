import { type Dashboard, goodAbove, goodBelow } from '../panel.ts';
import { quantile, select, share, sumRate, total, wholeRate } from '../promql.ts';

const DELIVERED = 'nearcast_player_delivered_bytes_total';
const SENT = 'nearcast_edge_sent_bytes_total';
const fromPeers = sumRate(DELIVERED, 'source="peer"');
const fromEdge = sumRate(DELIVERED, 'source="edge"');
const sent = sumRate(SENT, 'kind="segment"');
/** Beside the edge's count, which knows neither content nor region. */
const allFromPeers = wholeRate(DELIVERED, 'source="peer"');
const allFromEdge = wholeRate(DELIVERED, 'source="edge"');
const offloadBy = (label: string) => share(sumRate(DELIVERED, 'source="peer"', label), sumRate(DELIVERED, '', label));

export const savings: Dashboard = {
  uid: 'nearcast-savings',
  title: 'Nearcast: what are we saving?',
  description:
    'Bytes that viewers had from each other instead of from the edge, counted by both sides, and their price.',
  choices: ['content', 'region'],
  hasPrice: true,
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Offload, as players count',
          description:
            'Share of the media bytes that players had from other viewers. The bound is 1 − copies ÷ viewers.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: share(fromPeers, `(${fromPeers} + ${fromEdge})`), legend: 'offload' }],
          thresholds: goodAbove(0.6, 0.3),
          runbook: 'offload-dropped',
        },
        {
          title: 'Offload, as the edge counts',
          description:
            'The same, with the bytes that the edge sent in place of what players say they had from it; of all content and regions. Edge bytes of viewers without Nearcast lower it.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: share(allFromPeers, `(${allFromPeers} + ${sent})`), legend: 'offload' }],
          thresholds: goodAbove(0.6, 0.3),
          runbook: 'reports-disagree',
        },
        {
          title: 'Egress avoided',
          description: 'Bytes that came from viewers, over the time shown.',
          shows: 'number',
          unit: 'decbytes',
          queries: [{ expr: total(DELIVERED, 'source="peer"'), legend: 'avoided' }],
        },
        {
          title: 'Money saved',
          description:
            'Egress avoided times the price per gigabyte above. Your currency; the edge machines cost the same.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `${total(DELIVERED, 'source="peer"')} / 1e9 * $price`, legend: 'saved' }],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          title: 'Offload',
          description:
            'Both counts of the share that did not come from the edge, of all content and regions. They should lie on each other.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [
            { expr: `avg(${select('nearcast:offload_players:ratio5m')})`, legend: 'as players count' },
            { expr: `avg(${select('nearcast:offload_edge:ratio5m')})`, legend: 'as the edge counts' },
          ],
          runbook: 'offload-dropped',
        },
        {
          title: 'Offload, by content',
          description: 'As players count it; which content is told apart is set at the tracker (`--content-labels`).',
          shows: 'trend',
          unit: 'percentunit',
          queries: [{ expr: offloadBy('content'), legend: '{{content}}' }],
          runbook: 'offload-dropped',
        },
        {
          title: 'Offload, by region',
          description: 'As players count it; which regions are told apart is set at the tracker (`--region-labels`).',
          shows: 'trend',
          unit: 'percentunit',
          queries: [{ expr: offloadBy('region'), legend: '{{region}}' }],
          runbook: 'offload-dropped',
        },
        {
          title: 'Offload of a viewer',
          description:
            'Of viewers that have left: half had more than p50 of their media from others, one in ten less than p10.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [0.1, 0.5, 0.9].map((q) => ({
            expr: quantile(q, 'nearcast_player_session_offload_ratio'),
            legend: `p${q * 100}`,
          })),
        },
        {
          title: 'Where the media comes from',
          description: 'Media bytes that players received, by source.',
          shows: 'area',
          unit: 'Bps',
          queries: [{ expr: sumRate(DELIVERED, '', 'source'), legend: 'from {{source}}' }],
        },
        {
          title: 'From the edge: two counts',
          description:
            'What players say they had from the edge beside what the edge says it sent, of all content and regions.',
          shows: 'trend',
          unit: 'Bps',
          queries: [
            { expr: allFromEdge, legend: 'players received' },
            { expr: sent, legend: 'edge sent (segments)' },
          ],
          runbook: 'reports-disagree',
        },
        {
          title: 'Copies per segment',
          description:
            'Segment bytes that the edge sent ÷ bytes that it fetched from the origin. Near 1 a region fetches each byte about once. While the cache is warm the origin sends little and the figure says more about the cache.',
          shows: 'trend',
          unit: 'short',
          queries: [
            { expr: share(sent, sumRate('nearcast_edge_origin_bytes_total')), legend: 'copies' },
            {
              expr: wholeRate('nearcast_player_played_seconds_total'),
              legend: 'viewers playing (the copies without sharing)',
            },
          ],
        },
        {
          title: 'Why players went to the edge',
          description:
            'Duty is fetched to be passed on and is what a good swarm consists of. Backup replaces a viewer that did not do its duty; repair is what peers could not bring in time.',
          shows: 'area',
          unit: 'Bps',
          queries: [{ expr: sumRate('nearcast_player_edge_fetched_bytes_total', '', 'reason'), legend: '{{reason}}' }],
          runbook: 'edge-share-rising',
        },
        {
          title: 'Sent by viewers',
          description:
            'What viewers sent to others and what they kept of it, as far as both ends tell. The gap is what was thrown away.',
          shows: 'trend',
          unit: 'Bps',
          queries: [
            { expr: sumRate('nearcast_player_uploaded_bytes_total'), legend: 'sent' },
            { expr: fromPeers, legend: 'received' },
          ],
        },
        {
          title: 'What sharing costs',
          description: 'Bytes between viewers that are not media ÷ media. Above 5 % something talks too much.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: share(sumRate('nearcast_player_control_bytes_total'), allFromPeers), legend: 'overhead' }],
          thresholds: goodBelow(0.05, 0.1),
        },
      ],
    },
  ],
};
