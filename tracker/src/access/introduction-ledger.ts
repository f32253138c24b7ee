import { keepLatest } from '../keep-latest.ts';
import type { ConnectionId } from '../swarm/viewer-swarms.ts';
import { IntroductionBudget } from './introduction-budget.ts';

/** Whom a connection stands for, as far as is known. */
export interface Bearer {
  /** Of its token (`sub`): one viewer, on however many connections. */
  readonly subject: string | undefined;
  /** Of its address: behind one there may be many viewers. */
  readonly network: string | undefined;
}

interface Seat {
  readonly budget: IntroductionBudget;
  readonly network: string | undefined;
}

/** About 2 MB each. With more at once the longest unseen is forgotten, and starts anew. */
const MAX_KEYS = 10_000;

/** So many budgets of viewers that have gone are kept of one address: those with least left. */
const MAX_GONE = 64;

/**
 * Who may still ask to meet how many, over reconnects. All connections of a token's subject draw on one budget. Of those that are
 * known by their address alone each has its own, for they may be a whole office; but a newcomer takes over what one that has
 * gone from there had left, so that nobody gets more by coming back.
 */
export class IntroductionLedger {
  readonly #perHour: number;
  readonly #seats = new Map<ConnectionId, Seat>();
  /** In the order of last use, both. */
  readonly #subjects = new Map<string, IntroductionBudget>();
  readonly #gone = new Map<string, readonly IntroductionBudget[]>();

  /** @param perHour 0 is no limit */
  constructor(perHour: number) {
    this.#perHour = perHour;
  }

  get size(): number {
    return this.#subjects.size + this.#gone.size;
  }

  budgetOf(connection: ConnectionId, { subject, network }: Bearer, now: number): IntroductionBudget {
    if (subject !== undefined) {
      const budget = this.#subjects.get(subject) ?? new IntroductionBudget(this.#perHour, now);
      keepLatest(this.#subjects, subject, budget, MAX_KEYS);
      return budget;
    }
    const seat = this.#seats.get(connection) ?? { budget: this.#takeOver(network, now), network };
    this.#seats.set(connection, seat);
    return seat.budget;
  }

  closed(connection: ConnectionId, now: number): void {
    const seat = this.#seats.get(connection);
    this.#seats.delete(connection);
    if (seat?.network === undefined || seat.budget.isFull(now)) return;
    const all = [...(this.#gone.get(seat.network) ?? []), seat.budget];
    keepLatest(this.#gone, seat.network, all.sort((a, b) => a.left(now) - b.left(now)).slice(0, MAX_GONE), MAX_KEYS);
  }

  #takeOver(network: string | undefined, now: number): IntroductionBudget {
    const [least, ...others] = (network === undefined ? undefined : this.#gone.get(network)) ?? [];
    if (network === undefined || !least) return new IntroductionBudget(this.#perHour, now);
    if (others.length > 0) keepLatest(this.#gone, network, others, MAX_KEYS);
    else this.#gone.delete(network);
    return least;
  }
}
