import type { TrackerMessage, ViewerMessage } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { AdmittedMessage, ViewerTerms } from '../dialects/nearcast.ts';
import { KeyedBuckets } from '../gateway/keyed-buckets.ts';
import type { UpgradeRefusal } from '../gateway/upgrade-refusal.ts';
import type { Arrival, Dialect } from '../gateway/websocket-gateway.ts';
import type { ConnectionId } from '../swarm/viewer-swarms.ts';
import type { AccessConfig } from './access-config.ts';
import { AddressBudgets } from './address-budgets.ts';
import { Admission, type JoinProblem } from './admission.ts';
import type { BlockedSwarms } from './blocked-swarms.ts';
import { openJoinTokens } from './open-join-tokens.ts';
import { isSealed } from './swarm-id.ts';
import { readSecret } from './token-key.ts';
import { TorrentAccess } from './torrent-access.ts';
import { UpgradeGate } from './upgrade-gate.ts';
import { type TakeEverywhere, UsedTokens } from './used-tokens.ts';

export interface AccessDeps {
  readonly clock: Clock;
  /** The time of day, ms since 1970. */
  readonly epochMs: () => number;
  readonly blocked: () => BlockedSwarms;
  /** Told of what the operator should know. */
  readonly failed: (problem: string) => void;
  /** At all replicas, where there are others. */
  readonly takeTokenEverywhere: TakeEverywhere;
  readonly refusedJoin: (reason: JoinProblem) => void;
  /** A viewer's message may be obeyed. */
  readonly pass: (from: ConnectionId, message: AdmittedMessage) => void;
  readonly tell: (to: ConnectionId, message: TrackerMessage) => void;
  readonly close: (connection: ConnectionId, because: 'policyViolation' | 'tryAgainLater') => void;
}

/** All that stands between a connection and a swarm. */
export interface Access {
  readonly terms: ViewerTerms;
  mayOpen(arrival: Arrival, dialect: Dialect): UpgradeRefusal | undefined | Promise<UpgradeRefusal | undefined>;
  opened(connection: ConnectionId, arrival: Arrival): void;
  receive(from: ConnectionId, message: ViewerMessage): void;
  /** Why a client of the WebTorrent dialect may not take part in that swarm. */
  torrentRefusal(from: ConnectionId, infoHash: string): string | undefined;
  closed(connection: ConnectionId): void;
  /** @throws {TypeError} when the file of the public keys cannot be read */
  start(): Promise<void>;
  stop(): void;
}

/** @throws {TypeError} when the configuration has an origin or a key that is none */
export function openAccess(config: AccessConfig, deps: AccessDeps): Access {
  const { clock, close } = deps;
  const usedTokens = new UsedTokens(() => clock.now(), deps.takeTokenEverywhere);
  const joinTokens = openJoinTokens(config, usedTokens, deps.epochMs, deps.failed);
  const swarmKeys = config.swarmKey?.map((given) => readSecret('--swarm-key', given));
  const gate = new UpgradeGate(config, joinTokens?.tokens, clock);
  const joins = new AddressBudgets(config.joinsPerAddress);
  const swarmJoins = swarmBuckets(config.joinsPerSwarm);
  const admission = new Admission({
    clock,
    maxIntroductions: config.maxIntroductions,
    tokens: joinTokens?.tokens,
    mayJoin: (connection) => joins.takeOf(gate.networkOf(connection), clock.now()),
    networkOf: (connection) => gate.networkOf(connection),
    hasRoom: (swarm) => swarmJoins?.take(swarm, clock.now()) ?? true,
    isSwarm: (swarm) => swarmKeys === undefined || isSealed(swarm, swarmKeys),
    pass: deps.pass,
    tell: deps.tell,
    refused: deps.refusedJoin,
    sendAway: (connection) => close(connection, 'tryAgainLater'),
  });
  const torrents = new TorrentAccess(deps.blocked, clock, (connection) => close(connection, 'policyViolation'));
  return {
    terms: admission,
    mayOpen: (arrival, dialect) => gate.check(arrival, dialect),
    opened(connection, arrival) {
      gate.opened(connection, arrival);
      torrents.opened(connection, gate.passOf(arrival));
    },
    receive: (from, message) => admission.receive(from, message),
    torrentRefusal: (from, infoHash) => torrents.refusalOf(from, infoHash),
    closed(connection) {
      admission.forget(connection);
      torrents.closed(connection);
      gate.closed(connection);
    },
    start: async () => await joinTokens?.start(),
    stop: () => admission.stop(),
  };
}

/** Twenty seconds' worth at once: when a show begins its viewers come together. */
function swarmBuckets(perSecond: number): KeyedBuckets | undefined {
  return perSecond > 0 ? new KeyedBuckets({ perSecond, burst: 20 * perSecond }) : undefined;
}
