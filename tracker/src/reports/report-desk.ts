import type { LinkReport, PlaybackReport } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { TrackerMetrics } from '../metrics/metrics.ts';
import { clampReport, countBelieved, countReport } from '../metrics/playback-totals.ts';
import { countSession } from '../metrics/session-metrics.ts';
import type { ConnectionId } from '../swarm/viewer-swarms.ts';
import { ExchangeLedger, type Side } from './exchange-ledger.ts';
import type { ReportLabels } from './report-labels.ts';
import { Reporter } from './reporter.ts';

/** Who reports here. */
export interface ReportingViewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
}

export interface ReportDeskDeps {
  readonly metrics: TrackerMetrics;
  readonly clock: Clock;
  readonly labels: (swarm: string, region: string) => ReportLabels;
  /** Whether it is still in its swarm. */
  readonly isHere: (viewer: ReportingViewer) => boolean;
  /** How often players report, ms. */
  readonly reportEveryMs: number;
}

/** The other end reports as often, but at another time, and a report may be late. */
const WINDOW_REPORTS = 2;

/** Where reports arrive: cut to what is possible, held against what the other ends tell, counted. */
export class ReportDesk {
  readonly #deps: ReportDeskDeps;
  readonly #reporters = new Map<string, { readonly viewer: ReportingViewer; readonly reporter: Reporter }>();
  /** Those who left, until nothing can be corroborated any more: in this window, and in the one before. */
  #left: ReadonlyMap<string, Reporter> = new Map();
  #leftBefore: ReadonlyMap<string, Reporter> = new Map();
  /** Between viewers that both report to this tracker. */
  readonly #named = new ExchangeLedger();
  /**
   * With ends that have no name here: viewers of engines that do not name them, of another tracker, or under the name of an
   * earlier connection. What all of a swarm sent to such must hold against what all of it received from such.
   */
  readonly #unnamed = new ExchangeLedger();
  #stopTurning: () => void;

  constructor(deps: ReportDeskDeps) {
    this.#deps = deps;
    const { clock, reportEveryMs } = deps;
    const turn = () => {
      this.#stopTurning = clock.after(WINDOW_REPORTS * reportEveryMs, turn);
      this.#turn();
    };
    this.#stopTurning = clock.after(WINDOW_REPORTS * reportEveryMs, turn);
  }

  /** @param region as the tracker sees it */
  joined(viewer: ReportingViewer, region: string): Reporter {
    const reporter = new Reporter(this.#deps.labels(viewer.swarm, region));
    this.#deps.metrics.begin(reporter.labels);
    this.#reporters.set(viewer.id, { viewer, reporter });
    return reporter;
  }

  /** @returns what is believed of it: of the exchange with others, what both ends have told by now */
  report(viewer: ReportingViewer & { reportedAt: number }, report: PlaybackReport): PlaybackReport {
    const { clock, metrics } = this.#deps;
    const now = clock.now();
    const passedMs = now - viewer.reportedAt;
    viewer.reportedAt = now;
    const reporter = this.#reporters.get(viewer.id)?.reporter ?? this.joined(viewer, '');
    const clamped = clampReport(report, passedMs);
    reporter.add(clamped);
    this.#claim(viewer, clamped, 'received', clamped.peerBytes, reporter);
    this.#claim(viewer, clamped, 'sent', clamped.uploadedBytes, reporter);
    const { startupMs, ...rest } = clamped;
    const counted = startupMs !== undefined && reporter.start() ? clamped : rest;
    const believed = { ...counted, ...reporter.takeBelieved() };
    countReport(believed, passedMs, reporter.labels, metrics);
    this.#countPairs(viewer, clamped.links, reporter);
    const isCut = clamped.peerBytes < report.peerBytes || clamped.edgeBytes < report.edgeBytes;
    metrics.reports.inc({ outcome: isCut ? 'clamped' : 'counted' });
    return believed;
  }

  stop(): void {
    this.#stopTurning();
  }

  #claim({ id, swarm }: ReportingViewer, { links }: PlaybackReport, side: Side, total: number, by: Reporter): void {
    let unnamed = total;
    for (const link of links) {
      if (link.peer === id || !this.#isKnown(link.peer)) continue;
      const bytes = bytesOf(link, side);
      unnamed -= bytes;
      if (bytes > 0) this.#named.claim(side === 'sent' ? `${id}>${link.peer}` : `${link.peer}>${id}`, side, bytes, by);
    }
    if (unnamed > 0) this.#unnamed.claim(swarm, side, unnamed, by);
  }

  /** Each pair once, of the two ends' reports by one. */
  #countPairs({ id }: ReportingViewer, links: readonly LinkReport[], reporter: Reporter): void {
    for (const { peer, connection } of links) {
      if (connection && id < peer && this.#isKnown(peer) && reporter.meet(peer)) {
        this.#deps.metrics.viewers.pairs.inc({ connection });
      }
    }
  }

  #turn(): void {
    const { metrics, isHere } = this.#deps;
    for (const [between, ledger] of [['named', this.#named] as const, ['unnamed', this.#unnamed] as const]) {
      for (const [claimed, bytes] of Object.entries(ledger.turn()))
        metrics.disagreement.inc({ between, claimed }, bytes);
    }
    for (const reporter of this.#leftBefore.values()) {
      countBelieved(reporter.takeBelieved(), reporter.labels, metrics);
      countSession(reporter.totals, metrics.sessions);
    }
    this.#leftBefore = this.#left;
    const left = new Map<string, Reporter>();
    for (const [id, { viewer, reporter }] of this.#reporters) {
      if (isHere(viewer)) continue;
      this.#reporters.delete(id);
      // Who joins and leaves all the time leaves nothing behind.
      if (reporter.hasReported) left.set(id, reporter);
    }
    this.#left = left;
  }

  #isKnown(viewer: string): boolean {
    return this.#reporters.has(viewer) || this.#left.has(viewer) || this.#leftBefore.has(viewer);
  }
}

function bytesOf({ receivedBytes, sentBytes }: LinkReport, side: Side): number {
  return side === 'sent' ? sentBytes : receivedBytes;
}
