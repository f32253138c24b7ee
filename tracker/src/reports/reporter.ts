import type { LinkReport, PlaybackReport } from '@nearcast/protocol';
import { keepLatest } from '../keep-latest.ts';
import type { ReportTallies } from '../metrics/report-tallies.ts';
import type { MeasuredLink } from '../swarm/viewer-swarms.ts';
import type { Exchange } from './exchange.ts';
import type { Claimant, Side } from './exchange-ledger.ts';

/** What is believed of a viewer's exchange with others. */
export interface Believed {
  readonly peerBytes: number;
  readonly uploadedBytes: number;
}

/** What a whole session came to. */
export interface SessionTotals extends Believed {
  readonly edgeBytes: number;
  readonly playedMs: number;
  readonly stalls: number;
  readonly stalledMs: number;
}

/** One of whom a viewer told. */
export interface Neighbour {
  readonly name: string;
  /** Undefined while it was not looked for, and where it does not report here. */
  exchange: Exchange | undefined;
  isLookedFor: boolean;
  /** What the viewer says it had from it. */
  receivedBytes: number;
  /** Whether its round trip was measured once. */
  isMeasured: boolean;
}

/** So many neighbours are remembered, the newest: a viewer has a dozen at a time. */
const MAX_NEIGHBOURS = 128;

/** Reports between two that measure a neighbour again. */
const AGAIN_EVERY = 4;

/** One viewer's reports. Of what it exchanged, no more is believed than it told itself and than the other ends told. */
export class Reporter implements Claimant {
  readonly tallies: ReportTallies;
  #toldPeerBytes = 0;
  #toldUploadedBytes = 0;
  #corroboratedReceived = 0;
  #corroboratedSent = 0;
  #takenPeerBytes = 0;
  #takenUploadedBytes = 0;
  #edgeBytes = 0;
  #playedMs = 0;
  #stalls = 0;
  #stalledMs = 0;
  #hasStarted = false;
  /** By name, in the order in which they were first named. */
  readonly #neighbours = new Map<string, Neighbour>();
  /** As the last report named them. */
  #latest: readonly Neighbour[] = [];
  #turn = 0;
  hasReported = false;

  constructor(tallies: ReportTallies) {
    this.tallies = tallies;
  }

  corroborated(side: Side, bytes: number): void {
    if (side === 'received') this.#corroboratedReceived += bytes;
    else this.#corroboratedSent += bytes;
  }

  /** @param report what the clamp let through */
  add({ peerBytes, uploadedBytes, edgeBytes, playedMs, stalls, stalledMs }: PlaybackReport): void {
    this.hasReported = true;
    this.#toldPeerBytes += peerBytes;
    this.#toldUploadedBytes += uploadedBytes;
    this.#edgeBytes += edgeBytes;
    this.#playedMs += playedMs;
    this.#stalls += stalls;
    this.#stalledMs += stalledMs;
  }

  /** What has become believable since this was last asked. */
  takeBelieved(): Believed {
    const { peerBytes, uploadedBytes } = this.#believed;
    const fresh = {
      peerBytes: peerBytes - this.#takenPeerBytes,
      uploadedBytes: uploadedBytes - this.#takenUploadedBytes,
    };
    this.#takenPeerBytes = peerBytes;
    this.#takenUploadedBytes = uploadedBytes;
    return fresh;
  }

  /** Whether this is its first start: a session has one. */
  start(): boolean {
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    return isFirst;
  }

  exchangeWith(peer: string): Exchange | undefined {
    return this.#neighbours.get(peer)?.exchange;
  }

  /**
   * Those whom a report names, in its order. It names them in the order of the one before, but for those who came or went: a look
   * at the next one costs less than to look each up by its name.
   */
  named(links: readonly LinkReport[]): readonly Neighbour[] {
    const former = this.#latest;
    let next = 0;
    const named: Neighbour[] = [];
    for (const { peer } of links) {
      // One that it no longer names is skipped.
      if (!isAt(former, next, peer) && isAt(former, next + 1, peer)) next += 1;
      if (isAt(former, next, peer)) {
        named.push(former[next] as Neighbour);
        next += 1;
      } else named.push(this.#neighbour(peer));
    }
    this.#latest = named;
    return named;
  }

  /**
   * The round trips of the report whose links were named last that are worth noting: those of neighbours that were not measured
   * before, and of the others one with every fourth report, in turn. They change little, and each stands for many.
   */
  measured(links: readonly LinkReport[]): MeasuredLink[] {
    this.#turn += 1;
    const again = this.#turn % AGAIN_EVERY === 0 ? (this.#turn / AGAIN_EVERY) % links.length : undefined;
    const measured: MeasuredLink[] = [];
    for (let index = 0; index < links.length; index++) {
      const { peer, rttMs } = links[index] as LinkReport;
      const neighbour = this.#latest[index];
      if (rttMs === undefined || !neighbour || (neighbour.isMeasured && index !== again)) continue;
      neighbour.isMeasured = true;
      measured.push({ peer, rttMs });
    }
    return measured;
  }

  /** Bytes that it says it had from this one. */
  receivedFrom(peer: string): number {
    return this.#neighbours.get(peer)?.receivedBytes ?? 0;
  }

  /** Nobody asks any more: those whom it met are not to be remembered for its sake. */
  forgetNeighbours(): void {
    this.#neighbours.clear();
    this.#latest = [];
  }

  get totals(): SessionTotals {
    return {
      ...this.#believed,
      edgeBytes: this.#edgeBytes,
      playedMs: this.#playedMs,
      stalls: this.#stalls,
      stalledMs: this.#stalledMs,
    };
  }

  #neighbour(name: string): Neighbour {
    const known = this.#neighbours.get(name);
    if (known) return known;
    const neighbour = { name, exchange: undefined, isLookedFor: false, receivedBytes: 0, isMeasured: false };
    keepLatest(this.#neighbours, name, neighbour, MAX_NEIGHBOURS);
    return neighbour;
  }

  get #believed(): Believed {
    return {
      peerBytes: Math.min(this.#toldPeerBytes, this.#corroboratedReceived),
      uploadedBytes: Math.min(this.#toldUploadedBytes, this.#corroboratedSent),
    };
  }
}

/** Where there is nobody, nothing is compared: a comparison that has seen `undefined` beside names is several times as slow with all. */
function isAt(neighbours: readonly Neighbour[], index: number, name: string): boolean {
  return index < neighbours.length && (neighbours[index] as Neighbour).name === name;
}
