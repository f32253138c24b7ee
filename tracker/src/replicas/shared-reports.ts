import type { Clock } from '../clock.ts';
import { Clearing } from '../reports/clearing.ts';
import type { Side } from '../reports/exchange-ledger.ts';
import type { Frame } from './frames.ts';
import type { Placement } from './placement.ts';
import type { NodeId } from './rendezvous.ts';

export interface SharedReportsDeps {
  readonly placement: Placement;
  readonly clock: Clock;
  /** How long one side waits for the other, ms. */
  readonly windowMs: number;
  /** Others told the same as viewers here. */
  readonly agreed: (account: string, side: Side, bytes: number) => void;
}

/** The two ends of an exchange at two replicas: one of all, by the account's name, holds them against each other. */
export class SharedReports {
  readonly #deps: SharedReportsDeps;
  readonly #clearing: Clearing;
  #stopTurning: () => void;

  constructor(deps: SharedReportsDeps) {
    this.#deps = deps;
    const { placement, clock, windowMs, agreed } = deps;
    this.#clearing = new Clearing((replica, account, side, bytes) => {
      if (replica === placement.self) agreed(account, side, bytes);
      else placement.send(replica, { is: 'agreed', account, side, bytes });
    });
    const turn = () => {
      this.#stopTurning = clock.after(windowMs, turn);
      this.#clearing.turn();
    };
    this.#stopTurning = clock.after(windowMs, turn);
  }

  /** What viewers here told, and no others here. */
  ask(account: string, told: Readonly<Record<Side, number>>): void {
    const { placement } = this.#deps;
    const keeper = placement.ownerOf(account);
    if (keeper === placement.self) this.#clearing.told(keeper, account, told);
    else placement.send(keeper, { is: 'told', account, received: told.received, sent: told.sent });
  }

  receive(from: NodeId, frame: Extract<Frame, { is: 'told' | 'agreed' }>): void {
    if (frame.is === 'told') this.#clearing.told(from, frame.account, frame);
    else this.#deps.agreed(frame.account, frame.side, frame.bytes);
  }

  stop(): void {
    this.#stopTurning();
  }
}
