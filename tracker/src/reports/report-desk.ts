import type { LinkReport, PlaybackReport } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { TrackerMetrics } from '../metrics/metrics.ts';
import { clampReport, countBelieved, countReport } from '../metrics/playback-totals.ts';
import { countSession } from '../metrics/session-metrics.ts';
import type { ConnectionId, MeasuredLink } from '../swarm/viewer-swarms.ts';
import { Exchange, OpenExchanges } from './exchange.ts';
import { bytesIn, type Claimant, ExchangeLedger, type OpenAccount, otherSide, type Side } from './exchange-ledger.ts';
import type { ReportLabels } from './report-labels.ts';
import { type Neighbour, Reporter } from './reporter.ts';

/** Who reports here. */
export interface ReportingViewer {
  readonly id: string;
  readonly connection: ConnectionId;
  readonly swarm: string;
}

export interface Reported {
  /** Of the exchange with others, what both ends have told by now. */
  readonly believed: PlaybackReport;
  /** The round trips that are worth noting. */
  readonly measured: readonly MeasuredLink[];
}

export interface ReportDeskDeps {
  readonly metrics: TrackerMetrics;
  readonly clock: Clock;
  readonly labels: (swarm: string, region: string) => ReportLabels;
  /** Whether it is still in its swarm. */
  readonly isHere: (viewer: ReportingViewer) => boolean;
  /** How often players report, ms. */
  readonly reportEveryMs: number;
  /** Where there are other replicas: asks them for the other ends of an account. `agreed` is told what they have. */
  readonly askOthers?: (account: string, told: Readonly<Record<Side, number>>) => void;
}

/** How long one end of an exchange waits for the other, in reports: it reports as often, but at another time, and may be late. */
export const WINDOW_REPORTS = 2;
/** So many windows after it was made, a claim has been answered or will not be: two here, and two at the other replicas. */
const LONGEST_CLAIM_WINDOWS = 4;

/** The other ends, at other replicas, who are counted there. */
const others: Claimant = { corroborated: () => undefined };

/** One who reports, and what its swarm's accounts with ends elsewhere are called: a name that is made anew is hashed anew. */
interface Entry {
  readonly viewer: ReportingViewer;
  readonly reporter: Reporter;
  readonly named: string;
  readonly unnamed: string;
}

/** Where reports arrive: cut to what is possible, held against what the other ends tell, counted. */
export class ReportDesk {
  readonly #deps: ReportDeskDeps;
  readonly #reporters = new Map<string, Entry>();
  /** The name that each connection has now. */
  readonly #latest = new Map<ConnectionId, string>();
  /** Those who left, until nothing can be corroborated any more: window by window, the latest first. */
  #left: readonly ReadonlyMap<string, Reporter>[] = [];
  /** Between viewers that both report to this tracker. */
  readonly #here = new OpenExchanges();
  /**
   * With ends that are not known here: viewers of another replica, or under the name of an earlier connection; and viewers of
   * engines that do not name them. What all of a swarm sent to such must hold against what all of it received from such.
   */
  readonly #beyond = new ExchangeLedger();
  /** What other replicas have been asked for. */
  readonly #asked = new ExchangeLedger();
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
  joined(viewer: ReportingViewer, region: string): void {
    this.#open(viewer, region);
  }

  report(viewer: ReportingViewer & { reportedAt: number }, report: PlaybackReport): Reported {
    const { clock, metrics } = this.#deps;
    const now = clock.now();
    const passedMs = now - viewer.reportedAt;
    viewer.reportedAt = now;
    const entry = this.#reporters.get(viewer.id) ?? this.#open(viewer, '');
    const { reporter } = entry;
    const clamped = clampReport(report, passedMs);
    reporter.add(clamped);
    this.#account(entry, clamped);
    const believed = { ...withOneStart(clamped, reporter), ...reporter.takeBelieved() };
    countReport(believed, passedMs, reporter.tallies, metrics);
    const isCut = clamped.peerBytes < report.peerBytes || clamped.edgeBytes < report.edgeBytes;
    metrics.reports.inc({ outcome: isCut ? 'clamped' : 'counted' });
    return { believed, measured: reporter.measured(report.links) };
  }

  /** What this viewer told since it joined, as far as it is believed; undefined where it does not report here. */
  reporterOf(viewer: string): Reporter | undefined {
    return this.#reporters.get(viewer)?.reporter;
  }

  /** @param bytes that other replicas' viewers told of this side's claims */
  agreed(account: string, side: Side, bytes: number): void {
    this.#asked.claim(account, otherSide(side), bytes, others);
  }

  stop(): void {
    this.#stopTurning();
  }

  #open(viewer: ReportingViewer, region: string): Entry {
    const { metrics, labels } = this.#deps;
    const { swarm } = viewer;
    const reporter = new Reporter(metrics.talliesOf(labels(viewer.swarm, region)));
    this.#forgetSilent(this.#latest.get(viewer.connection));
    this.#latest.set(viewer.connection, viewer.id);
    const entry = { viewer, reporter, named: `named ${swarm}`, unnamed: `unnamed ${swarm}` };
    this.#reporters.set(viewer.id, entry);
    return entry;
  }

  /** What it tells of each neighbour is held against what that one tells. */
  #account(entry: Entry, { links, peerBytes, uploadedBytes }: PlaybackReport): void {
    const { reporter: by, viewer } = entry;
    let [namedReceived, namedSent, unnamedReceived, unnamedSent] = [0, 0, peerBytes, uploadedBytes];
    const neighbours = by.named(links);
    for (let index = 0; index < links.length; index++) {
      const { receivedBytes, sentBytes, connection } = links[index] as LinkReport;
      const neighbour = neighbours[index] as Neighbour;
      unnamedReceived -= receivedBytes;
      unnamedSent -= sentBytes;
      neighbour.receivedBytes += receivedBytes;
      if (!neighbour.isLookedFor) this.#look(neighbour, viewer.id, by);
      const { exchange } = neighbour;
      if (!exchange) {
        namedReceived += receivedBytes;
        namedSent += sentBytes;
        continue;
      }
      this.#here.claim(exchange, receivedBytes, sentBytes, by);
      if (connection && !exchange.isCounted) {
        exchange.isCounted = true;
        this.#deps.metrics.viewers.pairs.inc({ connection });
      }
    }
    this.#claimBeyond(entry.named, namedReceived, namedSent, by);
    this.#claimBeyond(entry.unnamed, unnamedReceived, unnamedSent, by);
  }

  #claimBeyond(account: string, received: number, sent: number, by: Reporter): void {
    if (received > 0) this.#beyond.claim(account, 'received', received, by);
    if (sent > 0) this.#beyond.claim(account, 'sent', sent, by);
  }

  /** Names are given once, and nobody hears of one before its owner is known here: whoever is not found the first time never will be. */
  #look(neighbour: Neighbour, id: string, by: Reporter): void {
    neighbour.isLookedFor = true;
    neighbour.exchange = this.#exchangeOf(id, by, neighbour.name);
  }

  /** @returns undefined where the other end does not report here */
  #exchangeOf(id: string, by: Reporter, peer: string): Exchange | undefined {
    const other = peer === id ? undefined : this.#find(peer);
    if (!other) return undefined;
    const theirs = other.exchangeWith(id);
    return theirs?.isBetween(by, other) === true ? theirs : new Exchange(by, other);
  }

  #turn(): void {
    const { disagreement } = this.#deps.metrics;
    const { received, sent } = this.#here.turn();
    disagreement.inc({ between: 'named', claimed: 'received' }, received);
    disagreement.inc({ between: 'named', claimed: 'sent' }, sent);
    this.#disagree(this.#asked.turn());
    const { askOthers } = this.#deps;
    const expired = this.#beyond.turn();
    if (askOthers) for (const [account, open] of expired) this.#ask(account, open, askOthers);
    else this.#disagree(expired);
    this.#sumUp();
  }

  #ask(account: string, open: OpenAccount, askOthers: NonNullable<ReportDeskDeps['askOthers']>): void {
    for (const side of ['received', 'sent'] as const) {
      for (const { by, bytes } of open[side]) this.#asked.claim(account, side, bytes, by);
    }
    askOthers(account, { received: bytesIn(open.received), sent: bytesIn(open.sent) });
  }

  #disagree(expired: ReadonlyMap<string, OpenAccount>): void {
    const { disagreement } = this.#deps.metrics;
    for (const [account, open] of expired) {
      const between = account.startsWith('unnamed ') ? 'unnamed' : 'named';
      for (const claimed of ['received', 'sent'] as const) {
        disagreement.inc({ between, claimed }, bytesIn(open[claimed].filter(({ by }) => by !== others)));
      }
    }
  }

  #sumUp(): void {
    const { metrics, isHere, askOthers } = this.#deps;
    const left = new Map<string, Reporter>();
    for (const [id, { viewer, reporter }] of this.#reporters) {
      if (isHere(viewer)) continue;
      this.#reporters.delete(id);
      if (this.#latest.get(viewer.connection) === id) this.#latest.delete(viewer.connection);
      // Who joins and leaves all the time leaves nothing behind.
      if (reporter.hasReported) left.set(id, reporter);
    }
    const waits = askOthers ? LONGEST_CLAIM_WINDOWS : LONGEST_CLAIM_WINDOWS / 2;
    const all = [left, ...this.#left];
    for (const reporter of all.slice(waits).flatMap((window) => [...window.values()])) {
      countBelieved(reporter.takeBelieved(), reporter.tallies);
      countSession(reporter.totals, metrics.sessions);
      reporter.forgetNeighbours();
    }
    this.#left = all.slice(0, waits);
  }

  /** Who joins one swarm after the other leaves nothing behind, either. */
  #forgetSilent(former: string | undefined): void {
    if (former !== undefined && this.#reporters.get(former)?.reporter.hasReported === false)
      this.#reporters.delete(former);
  }

  #find(viewer: string): Reporter | undefined {
    const here = this.#reporters.get(viewer);
    if (here) return here.reporter;
    for (const window of this.#left) {
      const gone = window.get(viewer);
      if (gone) return gone;
    }
    return undefined;
  }
}

/** A session starts once, whatever it reports. */
function withOneStart(report: PlaybackReport, reporter: Reporter): PlaybackReport {
  if (report.startupMs === undefined || reporter.start()) return report;
  const { startupMs: _, ...rest } = report;
  return rest;
}
