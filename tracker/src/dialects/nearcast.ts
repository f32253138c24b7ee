import type {
  IceServer,
  ManifestJwk,
  PlaybackReport,
  TrackerErrorReason,
  TrackerMessage,
  ViewerMessage,
} from '@nearcast/protocol';
import type { BlockedSwarms } from '../access/blocked-swarms.ts';
import type { Clock } from '../clock.ts';
import type { HeldViewer, Join, RelayOutcome, ViewerDirectory } from '../directory/viewer-directory.ts';
import type { Urgency } from '../gateway/outgoing-texts.ts';
import { inRegion, type Place } from '../locality/place.ts';
import type { TrackerMetrics } from '../metrics/metrics.ts';
import type { ReportDesk } from '../reports/report-desk.ts';
import type { ConnectionId, ViewerOutbox } from '../swarm/viewer-swarms.ts';

export interface NearcastDialectConfig {
  readonly reportEveryMs: number;
  /** What manifests are signed with, at this moment. */
  readonly keys: () => readonly ManifestJwk[];
  /** What this viewer may find its way to others with. */
  readonly iceServers: (viewer: string) => readonly IceServer[];
}

/** A renewal is between the viewer and whoever looks at its token. */
export type AdmittedMessage = Exclude<ViewerMessage, { type: 'renew' }>;

/** What a viewer's token says of it; nothing where none is asked for. */
export interface ViewerTerms {
  expiresInMs(connection: ConnectionId): number | undefined;
  regionOf(connection: ConnectionId): string | undefined;
}

export interface NearcastDialectDeps {
  readonly terms: ViewerTerms;
  readonly swarms: ViewerDirectory;
  readonly metrics: TrackerMetrics;
  readonly clock: Clock;
  readonly blocked: BlockedSwarms;
  readonly placeOf: (connection: ConnectionId) => Place;
  readonly newViewerId: () => string;
  readonly reports: ReportDesk;
  /** Told of each report, as far as it is believed. */
  readonly reported: (report: PlaybackReport) => void;
}

/** One message of a viewer → what it and others are told. */
export class NearcastDialect {
  readonly #config: NearcastDialectConfig;
  readonly #deps: NearcastDialectDeps;

  constructor(config: NearcastDialectConfig, deps: NearcastDialectDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  receive(from: ConnectionId, message: AdmittedMessage, out: ViewerOutbox): void {
    if (message.type === 'join') this.#admit(from, message, out);
    else this.#hear(from, message, out);
  }

  #admit(from: ConnectionId, join: Join, out: ViewerOutbox): void {
    const { blocked } = this.#deps;
    if (blocked.has(join.swarm)) blocked.turnAway(from, out);
    else this.#join(from, join, out);
  }

  #hear(from: ConnectionId, message: Exclude<AdmittedMessage, Join>, out: ViewerOutbox): void {
    const { blocked, swarms } = this.#deps;
    const viewer = swarms.viewerAt(from);
    if (viewer) this.#obey(viewer, message, out);
    else if (!blocked.wasTurnedAway(from)) out.push({ to: from, message: trackerError('not-joined', 'join first') });
  }

  #join(from: ConnectionId, join: Join, out: ViewerOutbox): void {
    const { swarms, clock, placeOf, newViewerId, reports, terms } = this.#deps;
    const viewer = newViewerId();
    const { reportEveryMs, keys, iceServers } = this.#config;
    const tokenExpiresInMs = terms.expiresInMs(from);
    const welcome = (viewers: number): TrackerMessage => ({
      type: 'welcome',
      viewer,
      reportEveryMs,
      viewers,
      keys: keys(),
      iceServers: iceServers(viewer),
      ...(tokenExpiresInMs === undefined ? {} : { tokenExpiresInMs }),
    });
    const place = inRegion(placeOf(from), terms.regionOf(from));
    reports.joined({ id: viewer, connection: from, swarm: join.swarm }, place.region);
    swarms.join(from, viewer, join, place, clock.now(), welcome, out);
  }

  #obey(viewer: HeldViewer, message: Exclude<AdmittedMessage, Join>, out: ViewerOutbox): void {
    const { swarms, metrics } = this.#deps;
    const { connection: from } = viewer;
    switch (message.type) {
      case 'update':
        swarms.update(from, message.upload, message.dutyBitsPerSecond, out);
        break;
      case 'want':
        swarms.want(from, message.peers, out);
        break;
      case 'unlink':
        if (swarms.unlink(from, message.peer, message.because)) metrics.unlinks.inc({ reason: message.because });
        break;
      case 'signal':
        this.#count(swarms.relay(from, message.to, message.signal, out));
        break;
      case 'report':
        this.#report(viewer, message.report, out);
        break;
      case 'leave':
        swarms.leave(from, out);
        break;
    }
  }

  #count(outcome: RelayOutcome): void {
    const { relayed, droppedSignals } = this.#deps.metrics;
    if (outcome === 'relayed') relayed.inc({ kind: 'signal' });
    else if (outcome !== 'sent-on') droppedSignals.inc({ because: outcome });
  }

  #report(viewer: HeldViewer, report: PlaybackReport, out: ViewerOutbox): void {
    const { swarms, clock, reports, reported } = this.#deps;
    const { believed, measured } = reports.report(viewer, report);
    reported(believed);
    swarms.heard(viewer.connection, measured, clock.now(), out);
  }
}

export function trackerError(reason: TrackerErrorReason, message: string): TrackerMessage {
  return { type: 'error', reason, message };
}

/** Who is to be sent an offer need not know before it comes: both are one write then. */
export function urgencyOf(message: TrackerMessage): Urgency {
  return message.type === 'introduce' && !message.initiate ? 'soon' : 'now';
}
