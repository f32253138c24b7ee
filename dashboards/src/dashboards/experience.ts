import { type Dashboard, goodBelow } from '../panel.ts';
import { quantile, select, share, sumRate } from '../promql.ts';

const played = (matchers: string, by = '') => sumRate('nearcast_player_played_seconds_total', matchers, by);
const stalls = (matchers: string, by = '') => sumRate('nearcast_player_stalls_total', matchers, by);

export const experience: Dashboard = {
  uid: 'nearcast-experience',
  title: 'Nearcast: what do viewers feel?',
  description: 'Startup, stalls and latency, of those who share beside those who play from the edge alone.',
  choices: ['content', 'region', 'rendition'],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Startup, median',
          description: 'From the request for the playlist to the first frame.',
          shows: 'number',
          unit: 's',
          queries: [{ expr: quantile(0.5, 'nearcast_player_startup_seconds'), legend: 'p50' }],
          thresholds: goodBelow(2, 4),
        },
        {
          title: 'Startup, worst in twenty',
          description: 'One viewer in twenty waits longer than this for the first frame.',
          shows: 'number',
          unit: 's',
          queries: [{ expr: quantile(0.95, 'nearcast_player_startup_seconds'), legend: 'p95' }],
          thresholds: goodBelow(4, 8),
        },
        {
          title: 'Stalls per hour of playback',
          description: 'How often playback stopped for want of data, per hour that was played.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `3600 * ${share(stalls(''), played(''))}`, legend: 'stalls per hour' }],
          thresholds: goodBelow(1, 4),
          runbook: 'sharing-stalls',
        },
        {
          title: 'Time spent stalled',
          description: 'Seconds stood still per second played.',
          shows: 'number',
          unit: 'percentunit',
          queries: [{ expr: share(sumRate('nearcast_player_stalled_seconds_total'), played('')), legend: 'stalled' }],
          thresholds: goodBelow(0.002, 0.01),
          runbook: 'sharing-stalls',
        },
      ],
    },
    {
      title: 'Sharing beside not sharing',
      panels: [
        {
          title: 'Stalls per hour, by mode',
          description: 'Never worse than without it: the line of the swarm must not lie above that of edge-only.',
          shows: 'trend',
          unit: 'short',
          queries: [{ expr: select('nearcast:stalls_per_hour:rate5m'), legend: '{{mode}} {{cluster}}' }],
          runbook: 'sharing-stalls',
        },
        {
          title: 'Startup p95, by mode',
          description: 'Playback that began before peers were met counts as edge-only.',
          shows: 'trend',
          unit: 's',
          queries: [{ expr: quantile(0.95, 'nearcast_player_startup_seconds', 'mode'), legend: '{{mode}}' }],
        },
        {
          title: 'Latency behind the live edge, by mode',
          description: 'Median and 95th percentile of live viewers; empty without a live stream.',
          shows: 'trend',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'nearcast_player_latency_seconds', 'mode'), legend: '{{mode}} p50' },
            { expr: quantile(0.95, 'nearcast_player_latency_seconds', 'mode'), legend: '{{mode}} p95' },
          ],
        },
        {
          title: 'Rendition, by mode',
          description: 'Seconds played per second at each size of picture: sharing must not make it smaller.',
          shows: 'area',
          unit: 'short',
          queries: [
            {
              expr: sumRate('nearcast_player_rendition_played_seconds_total', '', 'rendition, mode'),
              legend: '{{rendition}} {{mode}}',
            },
          ],
        },
        {
          title: 'Stalls per hour, by content',
          description:
            'One content that stalls alone has a problem of its own: its packager, its origin, its bitrates.',
          shows: 'trend',
          unit: 'short',
          queries: [{ expr: `3600 * ${share(stalls('', 'content'), played('', 'content'))}`, legend: '{{content}}' }],
        },
        {
          title: 'Stalls per hour, by region',
          description: 'One region that stalls alone is far from its edge, or its edge is full.',
          shows: 'trend',
          unit: 'short',
          queries: [{ expr: `3600 * ${share(stalls('', 'region'), played('', 'region'))}`, legend: '{{region}}' }],
        },
        {
          title: 'Stalls of a viewer',
          description:
            'Of viewers that have left: how often and how long playback stood still per hour. Many without any and few with many is another problem than all with some.',
          shows: 'trend',
          unit: 'short',
          queries: [
            { expr: quantile(0.5, 'nearcast_player_session_stalls_per_hour'), legend: 'stalls, p50' },
            { expr: quantile(0.95, 'nearcast_player_session_stalls_per_hour'), legend: 'stalls, p95' },
            { expr: quantile(0.95, 'nearcast_player_session_stalled_seconds_per_hour'), legend: 'seconds, p95' },
          ],
          runbook: 'sharing-stalls',
        },
        {
          title: 'Viewers playing, by mode',
          description: 'Seconds played per second: about how many watch at once, and how many of them share.',
          shows: 'area',
          unit: 'short',
          queries: [{ expr: played('', 'mode'), legend: '{{mode}}' }],
        },
      ],
    },
    {
      title: 'What players tell the edge (CMCD)',
      panels: [
        {
          title: 'Starved players',
          description:
            'Requests of players that had run dry since their last one (CTA-5004 `bs`), with or without Nearcast.',
          shows: 'trend',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('nearcast_edge_cmcd_starved_total', '', 'stream'),
              legend: '{{stream}}',
              emptyInHealth: 'nobody starves, or players send no CMCD',
            },
          ],
        },
        {
          title: 'Buffer when asking, median',
          description: 'Media that players had ahead when they asked the edge (CTA-5004 `bl`).',
          shows: 'trend',
          unit: 's',
          queries: [
            {
              expr: quantile(0.5, 'nearcast_edge_cmcd_buffer_seconds', 'stream'),
              legend: '{{stream}}',
              emptyInHealth: 'players send CMCD only where the site switches it on',
            },
          ],
        },
      ],
    },
  ],
};
