import { type Dashboard, goodBelow } from '../panel.ts';
import { orZero, select, share, sumRate } from '../promql.ts';

const ONE_TRACKER = 'without --redis there is one';

export const tracker: Dashboard = {
  uid: 'nearcast-tracker',
  title: 'Nearcast: is the tracker healthy?',
  description: 'Connections, messages, reports, and whether a process is on its way out.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Connections',
          description: 'Open WebSocket connections, over all replicas.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `sum(${select('nearcast_tracker_connections')})`, legend: 'connections' }],
        },
        {
          title: 'Replicas that drain',
          description:
            'Trackers that send their viewers away before they end. More than one, or for long, is not intended.',
          shows: 'number',
          unit: 'short',
          queries: [{ expr: `sum(${select('nearcast_tracker_draining')})`, legend: 'draining' }],
          thresholds: goodBelow(1, 2),
          runbook: 'tracker-draining-too-long',
        },
        {
          title: 'Reports',
          description: 'Playback reports counted per second: about the number of viewers ÷ the report interval.',
          shows: 'number',
          unit: 'ops',
          queries: [{ expr: sumRate('nearcast_tracker_reports_total'), legend: 'reports' }],
          runbook: 'no-reports',
        },
        {
          title: 'Malformed messages',
          description: 'Share of what is received and cannot be understood.',
          shows: 'number',
          unit: 'percentunit',
          queries: [
            {
              expr: orZero(
                share(
                  sumRate('nearcast_tracker_messages_total', 'outcome!="accepted"'),
                  sumRate('nearcast_tracker_messages_total'),
                ),
              ),
              legend: 'malformed or too many',
            },
          ],
          thresholds: goodBelow(0.01, 0.05),
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          title: 'Connections, by replica',
          description: 'New replicas get new connections only; old ones keep theirs until they drain.',
          shows: 'area',
          unit: 'short',
          queries: [{ expr: select('nearcast_tracker_connections'), legend: '{{instance}}' }],
        },
        {
          title: 'Messages, by dialect and outcome',
          description: 'Received per second.',
          shows: 'area',
          unit: 'mps',
          queries: [
            {
              expr: sumRate('nearcast_tracker_messages_total', '', 'dialect, outcome'),
              legend: '{{dialect}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Reports, by outcome',
          description: '`clamped` claimed more than the time since the last one allows.',
          shows: 'area',
          unit: 'ops',
          queries: [{ expr: sumRate('nearcast_tracker_reports_total', '', 'outcome'), legend: '{{outcome}}' }],
          runbook: 'no-reports',
        },
        {
          title: 'Connections refused',
          description: 'By reason. `full` asks for another replica.',
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
          title: 'Replicas, as each sees them',
          description:
            'Trackers that are one through Redis, and how many of them Redis connects. Lines that part: some cannot reach Redis.',
          shows: 'trend',
          unit: 'short',
          queries: [
            { expr: select('nearcast_tracker_replicas'), legend: 'seen by {{instance}}', emptyInHealth: ONE_TRACKER },
            { expr: `sum(${select('nearcast_tracker_redis_up')})`, legend: 'connected', emptyInHealth: ONE_TRACKER },
          ],
          runbook: 'redis-away',
        },
        {
          title: 'Between replicas',
          description: 'What replicas tell each other over Redis, and what of it was lost.',
          shows: 'trend',
          unit: 'mps',
          queries: [
            {
              expr: sumRate('nearcast_tracker_replica_frames_total', 'direction="sent"'),
              legend: 'told',
              emptyInHealth: ONE_TRACKER,
            },
            { expr: sumRate('nearcast_tracker_relay_lost_total'), legend: 'lost', emptyInHealth: ONE_TRACKER },
          ],
          runbook: 'redis-away',
        },
        {
          title: 'STUN',
          description: 'Viewers that ask for their own address. `limited` ask more than a hundred times a second.',
          shows: 'area',
          unit: 'reqps',
          queries: [
            {
              expr: sumRate('nearcast_tracker_stun_requests_total', '', 'outcome'),
              legend: '{{outcome}}',
              emptyInHealth: 'the demo has no --stun-port',
            },
          ],
        },
        {
          title: 'Processor and event loop',
          description:
            'Processor seconds per second, and how late the event loop is (p99). A late loop delays every signal.',
          shows: 'trend',
          unit: 's',
          queries: [
            {
              expr: sumRate('process_cpu_seconds_total', 'job="nearcast-tracker"', 'instance'),
              legend: '{{instance}} processor',
            },
            {
              expr: select('nodejs_eventloop_lag_p99_seconds', 'job="nearcast-tracker"'),
              legend: '{{instance}} lag p99',
            },
          ],
        },
        {
          title: 'Memory of the process',
          description: 'Resident bytes; about 10 KiB for each connection.',
          shows: 'trend',
          unit: 'bytes',
          queries: [
            { expr: select('process_resident_memory_bytes', 'job="nearcast-tracker"'), legend: '{{instance}}' },
          ],
        },
      ],
    },
  ],
};
