import type { Clock } from '../clock.ts';
import type { UpgradeRefusal } from '../gateway/upgrade-refusal.ts';
import type { Arrival, Dialect } from '../gateway/websocket-gateway.ts';
import type { ConnectionId } from '../swarm/torrent-swarms.ts';
import type { AccessConfig } from './access-config.ts';
import { AddressBudgets } from './address-budgets.ts';
import { allowedOrigins, type OriginRule } from './allowed-origins.ts';
import type { JoinTokens } from './join-tokens.ts';
import { publicNetwork } from './public-network.ts';
import type { TokenTerms } from './token-terms.ts';

export type UpgradeRules = Pick<
  AccessConfig,
  'allowOrigin' | 'webtorrent' | 'joinsPerAddress' | 'connectionsPerAddress'
>;

export interface TorrentPass {
  readonly terms: TokenTerms;
  /** For how long it counts from when it was looked at, ms. */
  readonly expiresInMs: number;
}

const refusals = {
  origin: { status: 403, reason: 'origin', message: 'this tracker is not for pages of this origin (--allow-origin)' },
  dialect: { status: 403, reason: 'dialect', message: 'this tracker speaks nearcast.1 only (--webtorrent off)' },
  rate: { status: 429, reason: 'address', message: 'too many connections from this address; come back in a minute' },
  count: { status: 429, reason: 'address', message: 'too many open connections from this address' },
  undecided: { status: 503, reason: 'undecided', message: 'the keys of tokens cannot be had now; come back later' },
} as const satisfies Record<string, UpgradeRefusal>;

/** Decides about a connection before it is one. */
export class UpgradeGate {
  readonly #rules: UpgradeRules;
  readonly #isAllowed: OriginRule;
  readonly #budgets: AddressBudgets;
  readonly #tokens: JoinTokens | undefined;
  readonly #clock: Clock;
  readonly #open = new Map<string, number>();
  readonly #networks = new Map<ConnectionId, string>();
  readonly #arrivals = new WeakMap<Arrival, { readonly network: string | undefined }>();
  readonly #passes = new WeakMap<Arrival, TorrentPass>();

  /** @throws {TypeError} when an origin is none */
  constructor(rules: UpgradeRules, tokens: JoinTokens | undefined, clock: Clock) {
    this.#rules = rules;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#isAllowed = allowedOrigins(rules.allowOrigin);
    this.#budgets = new AddressBudgets(rules.joinsPerAddress);
  }

  /** At once unless a token has to be looked at: players of our own show theirs when they join. */
  check(arrival: Arrival, dialect: Dialect): UpgradeRefusal | undefined | Promise<UpgradeRefusal | undefined> {
    if (dialect === 'webtorrent' && this.#rules.webtorrent === 'off') return refusals.dialect;
    if (!this.#isAllowed(arrival.origin)) return refusals.origin;
    const network = this.#networkFrom(arrival);
    if (this.#isFull(network)) return refusals.count;
    if (!this.#budgets.takeOf(network, this.#clock.now())) return refusals.rate;
    return dialect === 'webtorrent' && this.#tokens ? this.#checkToken(arrival, this.#tokens) : undefined;
  }

  /** What the token in the URL allows; only in the WebTorrent dialect, and only where tokens are wanted. */
  passOf(arrival: Arrival): TorrentPass | undefined {
    return this.#passes.get(arrival);
  }

  opened(connection: ConnectionId, arrival: Arrival): void {
    const network = this.#networkFrom(arrival);
    if (network === undefined) return;
    this.#networks.set(connection, network);
    this.#open.set(network, (this.#open.get(network) ?? 0) + 1);
  }

  /** What an open connection counts as in limits. */
  networkOf(connection: ConnectionId): string | undefined {
    return this.#networks.get(connection);
  }

  closed(connection: ConnectionId): void {
    const network = this.#networks.get(connection);
    if (network === undefined) return;
    this.#networks.delete(connection);
    const left = (this.#open.get(network) ?? 0) - 1;
    if (left > 0) this.#open.set(network, left);
    else this.#open.delete(network);
  }

  /** Looked up once per arrival. */
  #networkFrom(arrival: Arrival): string | undefined {
    const known = this.#arrivals.get(arrival);
    if (known) return known.network;
    const network = publicNetwork(arrival.address);
    this.#arrivals.set(arrival, { network });
    return network;
  }

  #isFull(network: string | undefined): boolean {
    const most = this.#rules.connectionsPerAddress;
    return most > 0 && network !== undefined && (this.#open.get(network) ?? 0) >= most;
  }

  async #checkToken(arrival: Arrival, tokens: JoinTokens): Promise<UpgradeRefusal | undefined> {
    const verdict = await tokens.check(arrival.token);
    switch (verdict.is) {
      case 'good':
        this.#passes.set(arrival, { terms: verdict.terms, expiresInMs: verdict.expiresInMs });
        return undefined;
      case 'refused':
        return { status: 401, reason: 'token', message: `${verdict.message} (?token= in the URL)` };
      case 'undecided':
        return refusals.undecided;
    }
  }
}
