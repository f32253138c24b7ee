import type { PlaybackReport } from '@nearcast/protocol';
import { keepLatest } from '../keep-latest.ts';
import type { ReportTallies } from '../metrics/report-tallies.ts';
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

/** So many neighbours are remembered, the newest: a viewer has a dozen at a time. */
const MAX_EXCHANGES = 256;

/** One viewer's reports. Of what it exchanged, no more is believed than it told itself and than the other ends told. */
export class Reporter implements Claimant {
  readonly tallies: ReportTallies;
  readonly #told = { peerBytes: 0, uploadedBytes: 0 };
  readonly #corroborated: Record<Side, number> = { received: 0, sent: 0 };
  readonly #taken = { peerBytes: 0, uploadedBytes: 0 };
  readonly #playback = { edgeBytes: 0, playedMs: 0, stalls: 0, stalledMs: 0 };
  #hasStarted = false;
  /** By the neighbour's name, in the order in which they were first named. */
  readonly #exchanges = new Map<string, Exchange>();
  hasReported = false;

  constructor(tallies: ReportTallies) {
    this.tallies = tallies;
  }

  corroborated(side: Side, bytes: number): void {
    this.#corroborated[side] += bytes;
  }

  /** @param report what the clamp let through */
  add(report: PlaybackReport): void {
    this.hasReported = true;
    this.#told.peerBytes += report.peerBytes;
    this.#told.uploadedBytes += report.uploadedBytes;
    for (const name of ['edgeBytes', 'playedMs', 'stalls', 'stalledMs'] as const) this.#playback[name] += report[name];
  }

  /** What has become believable since this was last asked. */
  takeBelieved(): Believed {
    const believed = this.#believed;
    const fresh = {
      peerBytes: believed.peerBytes - this.#taken.peerBytes,
      uploadedBytes: believed.uploadedBytes - this.#taken.uploadedBytes,
    };
    Object.assign(this.#taken, believed);
    return fresh;
  }

  /** Whether this is its first start: a session has one. */
  start(): boolean {
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    return isFirst;
  }

  exchangeWith(peer: string): Exchange | undefined {
    return this.#exchanges.get(peer);
  }

  exchanges(peer: string, exchange: Exchange): void {
    keepLatest(this.#exchanges, peer, exchange, MAX_EXCHANGES);
  }

  /** Nobody asks any more: those whom it met are not to be remembered for its sake. */
  forgetExchanges(): void {
    this.#exchanges.clear();
  }

  get totals(): SessionTotals {
    return { ...this.#believed, ...this.#playback };
  }

  get #believed(): Believed {
    return {
      peerBytes: Math.min(this.#told.peerBytes, this.#corroborated.received),
      uploadedBytes: Math.min(this.#told.uploadedBytes, this.#corroborated.sent),
    };
  }
}
