import { type Claimant, ExchangeLedger, type Side } from './exchange-ledger.ts';

/** What a replica is told when others tell the same as it: `agreed` of its desk. */
export type TellReplica = (replica: string, account: string, side: Side, bytes: number) => void;

/**
 * At one replica for each account: what each replica's viewers told of their exchange with viewers of others is held against
 * what the others' told.
 */
export class Clearing {
  readonly #tell: TellReplica;
  readonly #ledger = new ExchangeLedger();
  /** Of this window and the one before: as old as what they claim can be. */
  #claimants = new Map<string, Claimant>();
  #former: ReadonlyMap<string, Claimant> = new Map();

  constructor(tell: TellReplica) {
    this.#tell = tell;
  }

  told(replica: string, account: string, told: Readonly<Record<Side, number>>): void {
    const by = this.#claimant(replica, account);
    for (const side of ['received', 'sent'] as const) {
      if (told[side] > 0) this.#ledger.claim(account, side, told[side], by);
    }
  }

  /** To be called once per window. What is left over is counted where it was told. */
  turn(): void {
    this.#ledger.turn();
    this.#former = this.#claimants;
    this.#claimants = new Map();
  }

  /** The same for both sides: what a replica's viewers received is not what they sent themselves. */
  #claimant(replica: string, account: string): Claimant {
    const name = `${replica} ${account}`;
    const known = this.#claimants.get(name) ?? this.#former.get(name);
    const claimant = known ?? {
      corroborated: (side: Side, bytes: number) => this.#tell(replica, account, side, bytes),
    };
    this.#claimants.set(name, claimant);
    return claimant;
  }
}
