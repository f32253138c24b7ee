import type { Side } from './exchange-ledger.ts';
import type { Reporter } from './reporter.ts';

/**
 * Two viewers that report here, and what they tell of each other. Of what went from one to the other only one end at a time can
 * have told more: its surplus waits for the other's report, and becomes a disagreement when that has not come within between one
 * window and two. All in one object: with each report a tracker looks at a dozen of many thousands, and each is far in memory.
 */
export class Exchange {
  readonly #one: Reporter;
  readonly #other: Reporter;
  /** Bytes that one end alone told, above 0 if the sender: in the window before this one, and in this one. */
  #olderFromOne = 0;
  #newerFromOne = 0;
  #olderFromOther = 0;
  #newerFromOther = 0;
  /** Whether its windows are turned. */
  isOpen = false;
  /** Whether it is among the pairs that were counted. */
  isCounted = false;

  constructor(one: Reporter, other: Reporter) {
    this.#one = one;
    this.#other = other;
  }

  isBetween(one: Reporter, other: Reporter): boolean {
    return (this.#one === one && this.#other === other) || (this.#one === other && this.#other === one);
  }

  /** What one end tells of both directions. */
  claim(receivedBytes: number, sentBytes: number, by: Reporter): void {
    const isOne = by === this.#one;
    const other = isOne ? this.#other : this.#one;
    const sent = isOne ? this.#claimFromOne(sentBytes) : this.#claimFromOther(sentBytes);
    const received = isOne ? -this.#claimFromOther(-receivedBytes) : -this.#claimFromOne(-receivedBytes);
    if (received > 0) {
      by.corroborated('received', received);
      other.corroborated('sent', received);
    }
    if (sent > 0) {
      by.corroborated('sent', sent);
      other.corroborated('received', sent);
    }
  }

  /** @param bytes above 0 if the sender tells of them @returns those of which the other end has told, too */
  #claimFromOne(bytes: number): number {
    const ofOlder = opposite(this.#olderFromOne, bytes);
    const ofNewer = opposite(this.#newerFromOne, bytes - ofOlder);
    this.#olderFromOne += ofOlder;
    this.#newerFromOne += bytes - ofOlder;
    return ofOlder + ofNewer;
  }

  #claimFromOther(bytes: number): number {
    const ofOlder = opposite(this.#olderFromOther, bytes);
    const ofNewer = opposite(this.#newerFromOther, bytes - ofOlder);
    this.#olderFromOther += ofOlder;
    this.#newerFromOther += bytes - ofOlder;
    return ofOlder + ofNewer;
  }

  /** Adds what has waited for too long, by the end that told it. */
  turn(expired: Record<Side, number>): void {
    for (const bytes of [this.#olderFromOne, this.#olderFromOther]) {
      expired[bytes > 0 ? 'sent' : 'received'] += Math.abs(bytes);
    }
    this.#olderFromOne = this.#newerFromOne;
    this.#olderFromOther = this.#newerFromOther;
    this.#newerFromOne = 0;
    this.#newerFromOther = 0;
    this.isOpen = this.#olderFromOne !== 0 || this.#olderFromOther !== 0;
  }
}

/** @returns as much of these bytes as what waits is of the other end's */
function opposite(waiting: number, bytes: number): number {
  return bytes > 0 ? Math.min(bytes, Math.max(0, -waiting)) : Math.max(bytes, Math.min(0, -waiting));
}

/** Claims between viewers that both report here. As in `ExchangeLedger`, but nothing is looked up: the two know each other. */
export class OpenExchanges {
  #open: Exchange[] = [];

  claim(exchange: Exchange, receivedBytes: number, sentBytes: number, by: Reporter): void {
    if (receivedBytes === 0 && sentBytes === 0) return;
    exchange.claim(receivedBytes, sentBytes, by);
    if (exchange.isOpen) return;
    exchange.isOpen = true;
    this.#open.push(exchange);
  }

  /** To be called once per window: a claim has between one window and two to find its other half. @returns what has not, bytes */
  turn(): Record<Side, number> {
    const expired = { received: 0, sent: 0 };
    this.#open = this.#open.filter((exchange) => {
      exchange.turn(expired);
      return exchange.isOpen;
    });
    return expired;
  }
}
