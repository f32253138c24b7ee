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

  claim(side: Side, bytes: number, by: Reporter): void {
    const sign = side === 'sent' ? 1 : -1;
    const isFromOne = (side === 'sent') === (by === this.#one);
    const older = isFromOne ? this.#olderFromOne : this.#olderFromOther;
    const newer = isFromOne ? this.#newerFromOne : this.#newerFromOther;
    const ofOlder = Math.min(bytes, Math.max(0, -sign * older));
    const ofNewer = Math.min(bytes - ofOlder, Math.max(0, -sign * newer));
    if (isFromOne) {
      this.#olderFromOne += sign * ofOlder;
      this.#newerFromOne += sign * (bytes - ofOlder);
    } else {
      this.#olderFromOther += sign * ofOlder;
      this.#newerFromOther += sign * (bytes - ofOlder);
    }
    const agreed = ofOlder + ofNewer;
    if (agreed === 0) return;
    const [sender, receiver] = isFromOne ? [this.#one, this.#other] : [this.#other, this.#one];
    sender.corroborated('sent', agreed);
    receiver.corroborated('received', agreed);
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

/** Claims between viewers that both report here. As in `ExchangeLedger`, but nothing is looked up: the two know each other. */
export class OpenExchanges {
  #open: Exchange[] = [];

  claim(exchange: Exchange, side: Side, bytes: number, by: Reporter): void {
    if (bytes === 0) return;
    exchange.claim(side, bytes, by);
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
