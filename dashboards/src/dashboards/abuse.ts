import { type Dashboard, goodBelow } from '../panel.ts';
import { orZero, select, share, sumRate, total, wholeRate } from '../promql.ts';

const reports = (matchers = '') => sumRate('nearcast_tracker_reports_total', matchers);

export const abuse: Dashboard = {
  uid: 'nearcast-abuse',
  title: 'Nearcast: is somebody abusing it?',
  description: 'Who is turned away and why, who sends wrong bytes, and whether the reports can be believed.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Wrong chunks',
          description:
            'Chunks from peers whose hash did not match, over the time shown. They are never played nor passed on.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: orZero(total('nearcast_player_rejected_chunks_total')), legend: 'rejected' }],
          thresholds: goodBelow(1, 10),
          runbook: 'rejected-chunks',
        },
        {
          title: 'Pairs that rejected each other',
          description:
            'Over the time shown. After three neighbours have rejected it, a viewer is not introduced any more.',
          shows: 'number',
          unit: 'short',
          queries: [
            { expr: orZero(total('nearcast_tracker_unlinks_total', 'reason="rejected"')), legend: 'rejections' },
          ],
          thresholds: goodBelow(1, 10),
          runbook: 'rejected-chunks',
        },
        {
          title: 'Reports that claim too much',
          description: 'Clamped ÷ all. A browser that moves more than 1 Gbit/s is not believed.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: orZero(share(reports('outcome="clamped"'), reports())), legend: 'clamped' }],
          thresholds: goodBelow(0.001, 0.01),
          runbook: 'reports-clamped',
        },
        {
          title: 'Players and edge disagree',
          description: 'How far what players say they had from the edge is from what the edge sent.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: `max(${select('nearcast:reports_disagree:ratio5m')})`, legend: 'difference' }],
          thresholds: goodBelow(0.1, 0.25),
          runbook: 'reports-disagree',
        },
      ],
    },
    {
      title: 'Turned away',
      panels: [
        {
          title: 'By the tracker',
          description: 'Connections refused or ended.',
          shows: 'area',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('nearcast_tracker_refused_connections_total', '', 'reason'),
              legend: '{{reason}}',
              emptyInHealth: 'appears with the first refusal',
            },
          ],
          runbook: 'connections-refused',
        },
        {
          title: 'Viewers not let in',
          description:
            'Joins and renewals refused by the tracker, by reason: tokens that are missing, expired, forged or for something else. They play on from the edge.',
          shows: 'area',
          unit: 'ops',
          queries: [
            {
              expr: sumRate('nearcast_tracker_refused_joins_total', '', 'reason'),
              legend: '{{reason}}',
              emptyInHealth: 'appears with the first refusal',
            },
          ],
          runbook: 'joins-refused',
        },
        {
          title: 'By the edge',
          description:
            'Requests turned away before the cache was asked. `token` are failures of authorisation, `rate` floods.',
          shows: 'area',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('nearcast_edge_refusals_total', '', 'because'),
              legend: '{{because}}',
              emptyInHealth: 'appears with the first refusal',
            },
          ],
          runbook: 'edge-refusals',
        },
        {
          title: 'Messages not accepted',
          description: 'By the tracker: malformed, or more of them than one may send.',
          shows: 'area',
          unit: 'mps',
          queries: [
            {
              expr: sumRate('nearcast_tracker_messages_total', 'outcome!="accepted"', 'dialect, outcome'),
              legend: '{{dialect}} {{outcome}}',
              emptyInHealth: 'appears with the first bad message',
            },
          ],
        },
        {
          title: 'Told by one end only',
          description:
            'Bytes exchanged that one viewer told and the other did not: not counted as offload. `unnamed` are engines that do not name their peers, and what stock clients sent. A viewer that loses its network loses its last report, so a little is normal.',
          shows: 'area',
          unit: 'Bps',
          queries: [
            {
              expr: sumRate('nearcast_tracker_report_disagreement_bytes_total', '', 'between, claimed'),
              legend: '{{between}}: {{claimed}}',
            },
          ],
          runbook: 'viewers-disagree',
        },
        {
          title: 'Share that one end only told',
          description:
            'Received according to one viewer, and not sent according to the other, ÷ all that was received.',
          shows: 'trend',
          unit: 'percentunit',
          queries: [{ expr: select('nearcast:viewers_disagree:ratio5m'), legend: 'not believed {{cluster}}' }],
          thresholds: goodBelow(0.05, 0.2),
          runbook: 'viewers-disagree',
        },
        {
          title: 'Edge: reported beside counted',
          description:
            'What players say they had from the edge, and what the edges say they sent. Reports cannot move the second.',
          shows: 'trend',
          unit: 'Bps',
          queries: [
            {
              expr: wholeRate('nearcast_player_delivered_bytes_total', 'source="edge"'),
              legend: 'players report',
            },
            { expr: sumRate('nearcast_edge_sent_bytes_total', 'kind="segment"'), legend: 'edges count' },
          ],
          runbook: 'reports-disagree',
        },
      ],
    },
  ],
};
