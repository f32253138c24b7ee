import { type Dashboard, goodBelow } from '../panel.ts';
import { orZero, select, share, sumRate } from '../promql.ts';

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
