import type { Side } from './exchange-ledger.ts';
import type { Reporter } from './reporter.ts';

/**
 * What went from one viewer to another. Only one end at a time can have told more than the other: its surplus waits for the
 * other's report, and becomes a disagreement when that has not come within between one window and two.
 */
class Flow {
  readonly #sender: Reporter;
  readonly #receiver: Reporter;
  /** Bytes that one end alone told, above 0 if the sender: in the window before this one, and in this one. */
  #older = 0;
  #newer = 0;
  /** Whether its windows are turned. */
  isOpen = false;

  constructor(sender: Reporter, receiver: Reporter) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  claim(side: Side, bytes: number): void {
    const sign = side === 'sent' ? 1 : -1;
    const ofOlder = Math.min(bytes, Math.max(0, -sign * this.#older));
    const ofNewer = Math.min(bytes - ofOlder, Math.max(0, -sign * this.#newer));
    this.#older += sign * ofOlder;
    this.#newer += sign * (bytes - ofOlder);
    if (ofOlder + ofNewer === 0) return;
    this.#sender.corroborated('sent', ofOlder + ofNewer);
    this.#receiver.corroborated('received', ofOlder + ofNewer);
  }

  /** @returns what has waited for too long, above 0 if the sender told it */
  turn(): number {
    const expired = this.#older;
    this.#older = this.#newer;
    this.#newer = 0;
    this.isOpen = this.#older !== 0;
    return expired;
  }
}

/** Two viewers that report here, and what they tell of each other. */
export class Exchange {
  readonly #one: Reporter;
  readonly #other: Reporter;
  readonly #fromOne: Flow;
  readonly #fromOther: Flow;
  /** Whether it is among the pairs that were counted. */
  isCounted = false;

  constructor(one: Reporter, other: Reporter) {
    this.#one = one;
    this.#other = other;
    this.#fromOne = new Flow(one, other);
    this.#fromOther = new Flow(other, one);
  }

  isBetween(one: Reporter, other: Reporter): boolean {
    return (this.#one === one && this.#other === other) || (this.#one === other && this.#other === one);
  }

  /** What `by` means when it says that it received or sent something. */
  flowOf(side: Side, by: Reporter): Flow {
    return (side === 'sent') === (by === this.#one) ? this.#fromOne : this.#fromOther;
  }
}

/** Claims between viewers that both report here. As in `ExchangeLedger`, but nothing is looked up: the two know each other. */
export class OpenExchanges {
  #open: Flow[] = [];

  claim(exchange: Exchange, side: Side, bytes: number, by: Reporter): void {
    if (bytes === 0) return;
    const flow = exchange.flowOf(side, by);
    flow.claim(side, bytes);
    if (flow.isOpen) return;
    flow.isOpen = true;
    this.#open.push(flow);
  }

  /** To be called once per window: a claim has between one window and two to find its other half. @returns what has not, bytes */
  turn(): Record<Side, number> {
    const expired = { received: 0, sent: 0 };
    this.#open = this.#open.filter((flow) => {
      const bytes = flow.turn();
      expired[bytes > 0 ? 'sent' : 'received'] += Math.abs(bytes);
      return flow.isOpen;
    });
    return expired;
  }
}
