/** Which end of an exchange tells of it. */
export type Side = 'received' | 'sent';

/** Somebody who tells what was exchanged, and is told how much of it the other end told too. */
export interface Claimant {
  corroborated(side: Side, bytes: number): void;
}

export interface Claim {
  readonly by: Claimant;
  bytes: number;
}

/** What has not found its other half. */
export type OpenAccount = Readonly<Record<Side, Claim[]>>;

type Generation = Map<string, OpenAccount>;

/**
 * Both ends of an exchange tell of it, each in its own time. What both told is corroborated; what only one told waits for
 * the other, and in the end is a disagreement. Nobody corroborates himself.
 */
export class ExchangeLedger {
  #older: Generation = new Map();
  #newer: Generation = new Map();

  /** @param account what was exchanged from whom to whom, as far as that is known */
  claim(account: string, side: Side, bytes: number, by: Claimant): void {
    const claim = { by, bytes };
    const older = this.#older.get(account);
    if (older) settle(older[otherSide(side)], side, claim);
    if (older && isEmpty(older)) this.#older.delete(account);
    const newer = this.#newer.get(account);
    if (newer) settle(newer[otherSide(side)], side, claim);
    if (claim.bytes > 0) addClaim(newer ?? this.#open(account), side, claim);
    else if (newer && isEmpty(newer)) this.#newer.delete(account);
  }

  /** To be called once per window: a claim has between one window and two to find its other half. @returns what has not */
  turn(): ReadonlyMap<string, OpenAccount> {
    const expired = this.#older;
    this.#older = this.#newer;
    this.#newer = new Map();
    return expired;
  }

  #open(account: string): OpenAccount {
    const open: OpenAccount = { received: [], sent: [] };
    this.#newer.set(account, open);
    return open;
  }
}

function isEmpty({ received, sent }: OpenAccount): boolean {
  return received.length + sent.length === 0;
}

export function bytesIn(claims: readonly Claim[]): number {
  return claims.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function otherSide(side: Side): Side {
  return side === 'sent' ? 'received' : 'sent';
}

/** Uses up the claims and the new one against each other. */
function settle(claims: Claim[], side: Side, fresh: Claim): void {
  let index = 0;
  for (let claim = claims[index]; claim !== undefined && fresh.bytes > 0; claim = claims[index]) {
    if (claim.by === fresh.by) {
      index += 1;
      continue;
    }
    const agreed = Math.min(claim.bytes, fresh.bytes);
    claim.by.corroborated(otherSide(side), agreed);
    fresh.by.corroborated(side, agreed);
    fresh.bytes -= agreed;
    claim.bytes -= agreed;
    if (claim.bytes === 0) claims.splice(index, 1);
  }
}

function addClaim(open: OpenAccount, side: Side, claim: Claim): void {
  const last = open[side].at(-1);
  if (last?.by === claim.by) last.bytes += claim.bytes;
  else open[side].push(claim);
}
