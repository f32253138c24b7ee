import { parseViewerMessage, type TrackerErrorReason, type TrackerMessage } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { TrackerMetrics } from '../metrics/metrics.ts';
import { countReport } from '../metrics/playback-totals.ts';
import type { ConnectionId } from '../swarm/torrent-swarms.ts';
import type { ViewerSwarms } from '../swarm/viewer-swarms.ts';

export interface NearcastDialectConfig {
  readonly reportEveryMs: number;
}

export interface NearcastDialectDeps {
  readonly swarms: ViewerSwarms;
  readonly metrics: TrackerMetrics;
  readonly clock: Clock;
  readonly newViewerId: () => string;
}

/** One message of a viewer → what it is told; says whether the message was understood. */
export class NearcastDialect {
  readonly #config: NearcastDialectConfig;
  readonly #deps: NearcastDialectDeps;

  constructor(config: NearcastDialectConfig, deps: NearcastDialectDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  receive(from: ConnectionId, text: string, send: (message: TrackerMessage) => void): 'accepted' | 'malformed' {
    const { swarms, metrics, clock } = this.#deps;
    const message = parseViewerMessage(text);
    if (!message) {
      send(trackerError('malformed', 'not a message of nearcast.1'));
      return 'malformed';
    }
    switch (message.type) {
      case 'join': {
        const { viewer } = swarms.join(from, this.#deps.newViewerId(), message, clock.now());
        send({ type: 'welcome', viewer, reportEveryMs: this.#config.reportEveryMs });
        break;
      }
      case 'report': {
        const viewer = swarms.viewerAt(from);
        if (!viewer) {
          send(trackerError('not-joined', 'join before you report'));
          break;
        }
        const now = clock.now();
        countReport(message.report, now - viewer.reportedAt, metrics);
        viewer.reportedAt = now;
        break;
      }
      case 'leave':
        swarms.leave(from);
        break;
    }
    return 'accepted';
  }
}

export function trackerError(reason: TrackerErrorReason, message: string): TrackerMessage {
  return { type: 'error', reason, message };
}
