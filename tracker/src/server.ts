import { createServer } from 'node:http';
import { parseViewerMessage } from '@nearcast/protocol';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { BlockedSwarms } from './access/blocked-swarms.ts';
import { openAccess } from './access/open-access.ts';
import { adminServer } from './admin-server.ts';
import { type Clock, systemClock } from './clock.ts';
import { defaults, type TrackerConfig } from './config.ts';
import { LiveConsole } from './console/console.ts';
import { EdgeWatch } from './console/edge-watch.ts';
import { keepSdpText, messageText } from './dialects/message-text.ts';
import { NearcastDialect, trackerError, urgencyOf } from './dialects/nearcast.ts';
import { TorrentDialect } from './dialects/torrent-dialect.ts';
import { openDirectory } from './directory/open-directory.ts';
import { sendAway } from './gateway/send-away.ts';
import { type Dialect, WebSocketGateway } from './gateway/websocket-gateway.ts';
import { iceServersFor } from './ice/ice-config.ts';
import { StunServer } from './ice/stun-server.ts';
import { nowhere, type Place } from './locality/place.ts';
import { createMetrics } from './metrics/metrics.ts';
import { openProxies } from './proxy-protocol/open-proxies.ts';
import type { Random } from './random.ts';
import { openReportDesk } from './reports/open-report-desk.ts';
import { WINDOW_REPORTS } from './reports/report-desk.ts';
import { type ConnectionId, TorrentSwarms } from './swarm/torrent-swarms.ts';
import { type ViewerOutbox, ViewerSwarms, viewerSwarmsDefaults } from './swarm/viewer-swarms.ts';
import { randomIds } from './viewer-ids.ts';
import { watchedSources } from './watched-sources.ts';

export type { TrackerConfig } from './config.ts';

export interface Tracker {
  /** Where it listens; useful when the configured port was 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Sends viewers away over `drainSeconds`, answering the while; then closes. */
  drain(): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
}

export interface TrackerDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** The time of day, ms since 1970: what tokens are judged by. */
  readonly epochMs: () => number;
}

const tooMany: Readonly<Record<Dialect, object>> = {
  nearcast: trackerError('too-many', 'too many messages'),
  webtorrent: { action: 'announce', info_hash: '', 'failure reason': 'too many messages' },
};

/** An announce brings up to ten answers back to its sender at once; trickled candidates come in bursts too. */
const messageRate = { perSecond: 50, burst: 250 };

/**
 * @throws {Error} when a file of `sites` or `geoDb` is not usable
 * @throws {TypeError} when the configuration has a network, an origin or a key that is none
 * @throws when a port cannot be had: the error of `listen`, with `code` EADDRINUSE or EACCES.
 */
export async function startTracker(
  given: Partial<TrackerConfig> = {},
  deps: TrackerDeps = { clock: systemClock, random: Math.random, epochMs: Date.now },
): Promise<Tracker> {
  const config = { ...defaults, ...given };
  const { clock, random, epochMs } = deps;
  const dialectOf = new Map<ConnectionId, Dialect>();
  const places = new Map<ConnectionId, Place>();
  const torrents = new TorrentSwarms(
    { announceIntervalSeconds: config.announceInterval, maxSwarmsPerConnection: 32 },
    random,
  );
  const viewers = new ViewerSwarms({ ...viewerSwarmsDefaults, cellSize: config.cellSize }, random);
  let draining = false;

  const metrics = createMetrics({
    connections: () => gateway.connectionCount,
    swarms: () => torrents.swarmCount + viewers.swarmCount,
    peers: () => ({ webtorrent: torrents.peerCount, nearcast: viewers.viewerCount }),
    draining: () => draining,
    torrentSwarms: () => torrents.swarmCount,
    publishedFiles: () => sources.published?.count ?? 0,
  });
  const httpServer = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('This is a WebSocket tracker.\n');
  });
  const proxies = openProxies(config, httpServer, {
    clock,
    refused: () => metrics.refusedConnections.inc({ reason: 'proxy-header' }),
  });
  const tell = (problem: string) => process.stderr.write(`nearcast-tracker: ${problem}\n`);
  const torrentDialect = new TorrentDialect({
    torrents: () => directory.torrents,
    published: () => sources.published,
    clock,
    metrics,
    refusalOf: (from, infoHash) => access.torrentRefusal(from, infoHash),
    isOpen: (connection) => dialectOf.has(connection),
    send: (to, text, urgency) => gateway.send(to, text, urgency),
  });
  const access = openAccess(config, {
    clock,
    epochMs,
    blocked: () => blocked,
    failed: tell,
    takeTokenEverywhere: (token, forMs) => directory.takeToken(token, forMs),
    refusedJoin: (reason) => metrics.refusedJoins.inc({ reason }),
    pass: (from, message) => tellViewers((out) => nearcast.receive(from, message, out)),
    tell: (to, message) => gateway.send(to, JSON.stringify(message)),
    close: (connection, because) => gateway.close(connection, because),
  });
  const directory = await openDirectory(config.redis, {
    clock,
    registry: metrics.registry,
    swarms: viewers,
    torrents,
    torrentStaleAfterMs: config.announceInterval * 2000,
    toViewers: sendToViewers,
    textToViewer: (to, text, urgency) => gateway.send(to, text, urgency),
    toTorrents: (out) => torrentDialect.reply(out),
    relayedSignal: () => metrics.relayed.inc({ kind: 'signal' }),
    droppedSignal: () => metrics.droppedSignals.inc({ because: 'no-pair' }),
    reportWindowMs: WINDOW_REPORTS * config.reportInterval * 1000,
    agreed: (account, side, bytes) => reports.agreed(account, side, bytes),
    tell,
  });
  const sources = watchedSources(config, clock, tell);
  const stun = new StunServer(clock, (outcome) => metrics.stunRequests.inc({ outcome }));
  const blocked = new BlockedSwarms(directory.viewers);
  const liveConsole = new LiveConsole({
    swarms: viewers,
    edges: new EdgeWatch(config.edgeAdmin),
    clock,
    reportEveryMs: config.reportInterval * 1000,
    accountOf: (viewer) => reports.reporterOf(viewer),
    connections: () => gateway.connectionCount,
    swarmCount: () => torrents.swarmCount + viewers.swarmCount,
    isDraining: () => draining,
  });
  const reports = openReportDesk(config, { metrics, clock }, directory);
  const nearcast = new NearcastDialect(
    {
      reportEveryMs: config.reportInterval * 1000,
      keys: () => sources.manifestKeys?.current ?? [],
      iceServers: (viewer) => iceServersFor(config, viewer, epochMs() / 1000),
    },
    {
      swarms: directory.viewers,
      terms: access.terms,
      blocked,
      metrics,
      clock,
      placeOf: (connection) => places.get(connection) ?? nowhere,
      newViewerId: randomIds(),
      reports,
      reported: (report) => liveConsole.reported(report),
    },
  );

  function tellViewers(command: (out: ViewerOutbox) => void): void {
    const out: ViewerOutbox = [];
    command(out);
    sendToViewers(out);
  }

  function sendToViewers(out: ViewerOutbox): void {
    for (const { to, message } of out) gateway.send(to, messageText(message), urgencyOf(message));
  }

  function receiveNearcast(from: ConnectionId, text: string): 'accepted' | 'malformed' {
    const message = parseViewerMessage(text);
    if (message) keepSdpText(message, text);
    if (message) access.receive(from, message);
    else gateway.send(from, JSON.stringify(trackerError('malformed', 'not a message of nearcast.1')));
    return message ? 'accepted' : 'malformed';
  }

  const gateway: WebSocketGateway = new WebSocketGateway(
    httpServer,
    {
      maxConnections: config.maxConnections,
      messageRate,
      maxBacklogBytes: 1024 * 1024,
      pingEveryMs: config.pingInterval * 1000,
    },
    clock,
    {
      mayOpen: access.mayOpen,
      opened(connection, dialect, arrival) {
        dialectOf.set(connection, dialect);
        access.opened(connection, arrival);
        if (dialect === 'nearcast') places.set(connection, sources.locator.placeOf(arrival.address));
      },
      received(connection, text) {
        const dialect = dialectOf.get(connection) ?? 'webtorrent';
        const outcome =
          dialect === 'nearcast' ? receiveNearcast(connection, text) : torrentDialect.receive(connection, text);
        metrics.messages.inc({ dialect, outcome });
      },
      exceededRate(connection) {
        const dialect = dialectOf.get(connection) ?? 'webtorrent';
        metrics.messages.inc({ dialect, outcome: 'too-many' });
        gateway.send(connection, JSON.stringify(tooMany[dialect]));
      },
      closed(connection) {
        directory.torrents.disconnect(connection);
        tellViewers((out) => directory.viewers.leave(connection, out));
        blocked.forget(connection);
        access.closed(connection);
        dialectOf.delete(connection);
        places.delete(connection);
      },
      addressOf: proxies.addressOf,
      refused: (reason) => metrics.refusedConnections.inc({ reason }),
    },
  );
  const blocking = directory.share({
    names: () => blocked.names,
    block: (swarm: string) => tellViewers((out) => blocked.block(swarm, out)),
    unblock: (swarm: string) => blocked.unblock(swarm),
  });
  const { adminToken } = config;
  const isReady = () => !draining;
  const admin = adminServer({ registry: metrics.registry, isReady, liveConsole, blocking, adminToken });
  let stopSweeping = clock.after(30_000, sweep);
  function sweep(): void {
    torrents.expire(clock.now());
    stopSweeping = clock.after(30_000, sweep);
  }

  async function close(): Promise<void> {
    stopSweeping();
    liveConsole.stop();
    access.stop();
    reports.stop();
    sources.stop();
    stun.close();
    gateway.stop();
    proxies.stop();
    await directory.leave();
    directory.close();
    await Promise.all([closeServer(httpServer, 0), closeServer(admin, 0)]);
  }

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    await sendAway(gateway, config.drainSeconds, { clock, random, dialectOf });
    await close();
  }

  try {
    await Promise.all([sources.start(), access.start(), directory.start()]);
    if (config.stunPort > 0) await stun.listen(config.stunPort, config.host);
    await listen(httpServer, config.port, config.host);
    await listen(admin, config.adminPort, config.adminHost);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: portOf(httpServer), adminPort: portOf(admin), drain, close };
}
