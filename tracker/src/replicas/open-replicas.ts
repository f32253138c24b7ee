import { randomBytes } from 'node:crypto';
import type { SwarmBlocking } from '../access/blocked-routes.ts';
import type { Directory, DirectoryDeps } from '../directory/open-directory.ts';
import type { BusEvents } from './bus.ts';
import { RedisBus } from './redis-bus.ts';
import { Replica } from './replica.ts';
import { createReplicaMetrics } from './replica-metrics.ts';
import { SharedBlocking } from './shared-blocking.ts';
import { SharedReports } from './shared-reports.ts';
import { SharedTorrents } from './shared-torrents.ts';
import { SharedViewers } from './shared-viewers.ts';

/** This process as one of several that are one tracker. */
export async function openReplicas(redisUrl: string, deps: DirectoryDeps): Promise<Directory> {
  const { clock, tell } = deps;
  let blocking: SharedBlocking | undefined;
  let wasAlone = false;
  const metrics = createReplicaMetrics(deps.registry, { isUp: () => replica.isUp, replicas: () => replica.size });
  const openBus = (events: BusEvents) => new RedisBus(redisUrl, events, { clock, asked: () => metrics.commands.inc() });
  const newName = () => randomBytes(6).toString('base64url');
  const replica: Replica = new Replica(openBus, clock, newName, {
    received(from, frame) {
      if ('account' in frame) reports.receive(from, frame);
      else if ('viewer' in frame) viewers.receive(from, frame);
      else torrents.receive(from, frame);
    },
    placementChanged(isRenamed) {
      viewers.placementChanged(isRenamed);
      torrents.placementChanged(isRenamed);
    },
    remoteNodes: () => [...new Set([...viewers.remoteNodes(), ...torrents.remoteNodes()])],
    evict(node, because) {
      viewers.evict(node, because);
      torrents.evict(node);
    },
    opened: (frames) => metrics.frames.inc({ direction: 'received' }, frames),
    sent: (frames) => metrics.frames.inc({ direction: 'sent' }, frames),
    lost: (frames) => metrics.lost.inc(frames),
    blockedChanged: () => void blocking?.refresh(false),
    joined() {
      if (wasAlone) tell(`Redis is back: one of ${replica.size} replicas`);
      wasAlone = false;
      void blocking?.refresh(true);
    },
    alone(because) {
      tell(`Redis is away (${because}): this replica goes on alone`);
      wasAlone = true;
    },
  });
  const viewers = new SharedViewers({
    swarms: deps.swarms,
    placement: replica,
    clock,
    deliver: deps.toViewers,
    deliverText: deps.textToViewer,
    relayed: deps.relayedSignal,
    dropped: deps.droppedSignal,
  });
  const torrents = new SharedTorrents({
    torrents: deps.torrents,
    placement: replica,
    now: () => clock.now(),
    staleAfterMs: deps.torrentStaleAfterMs,
    deliver: deps.toTorrents,
  });
  const ownSecret = randomBytes(32).toString('base64url');
  const secret = await replica.bus.secret(ownSecret).catch(() => ownSecret);
  const { reportWindowMs: windowMs, agreed } = deps;
  const reports = new SharedReports({ placement: replica, clock, windowMs, agreed });
  return {
    viewers,
    secret: Buffer.from(secret, 'base64url'),
    torrents,
    askOthers: (account, told) => reports.ask(account, told),
    takeToken: (token, forMs) => replica.bus.takeToken(token, forMs),
    share(local: SwarmBlocking) {
      blocking = new SharedBlocking(local, replica.bus);
      return blocking;
    },
    start: () => replica.beat(),
    leave: () => replica.leave(),
    close() {
      reports.stop();
      replica.close();
    },
  };
}
