import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { parseViewerMessage } from '@nearcast/protocol';
import { adminApp, closeServer, listen, portOf } from '@nearcast/service-kit';
import { addBlocking } from './access/blocked-routes.ts';
import { BlockedSwarms } from './access/blocked-swarms.ts';
import { openAccess } from './access/open-access.ts';
import { PublishedFiles } from './allow-list/published-files.ts';
import { type Clock, systemClock } from './clock.ts';
import { defaults, type TrackerConfig } from './config.ts';
import { LiveConsole } from './console/console.ts';
import { addConsole } from './console/console-routes.ts';
import { EdgeWatch } from './console/edge-watch.ts';
import { NearcastDialect, trackerError } from './dialects/nearcast.ts';
import { parseTorrentCommand, type TorrentCommand, type TorrentLimits } from './dialects/webtorrent.ts';
import { openDirectory } from './directory/open-directory.ts';
import { type Dialect, WebSocketGateway } from './gateway/websocket-gateway.ts';
import { iceServersFor } from './ice/ice-config.ts';
import { StunServer } from './ice/stun-server.ts';
import { ManifestKeys } from './keys/manifest-keys.ts';
import { Locator, placeKey } from './locality/locator.ts';
import { nowhere, type Place } from './locality/place.ts';
import { createMetrics } from './metrics/metrics.ts';
import { openProxies } from './proxy-protocol/open-proxies.ts';
import type { Random } from './random.ts';
import { openReportDesk } from './reports/open-report-desk.ts';
import { WINDOW_REPORTS } from './reports/report-desk.ts';
import { type ConnectionId, type Outbox, TorrentSwarms } from './swarm/torrent-swarms.ts';
import { type ViewerOutbox, ViewerSwarms, viewerSwarmsDefaults } from './swarm/viewer-swarms.ts';

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

const torrentLimits: TorrentLimits = { maxOffers: 10, maxSdpLength: 16 * 1024, maxScrape: 64 };

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
    publishedFiles: () => published?.count ?? 0,
  });
  const httpServer = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('This is a WebSocket tracker.\n');
  });
  const proxies = openProxies(config, httpServer, {
    clock,
    refused: () => metrics.refusedConnections.inc({ reason: 'proxy-header' }),
  });
  const tell = (problem: string) => process.stderr.write(`nearcast-tracker: ${problem}\n`);
  const { manifestKeys: keySource, publishedFiles } = config;
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
    textToViewer: (to, text) => gateway.send(to, text),
    toTorrents: sendTorrentReplies,
    relayedSignal: () => metrics.relayed.inc({ kind: 'signal' }),
    droppedSignal: () => metrics.droppedSignals.inc({ because: 'no-pair' }),
    reportWindowMs: WINDOW_REPORTS * config.reportInterval * 1000,
    agreed: (account, side, bytes) => reports.agreed(account, side, bytes),
    tell,
  });
  const published = publishedFiles === undefined ? undefined : new PublishedFiles(publishedFiles, clock, tell);
  const manifestKeys = keySource === undefined ? undefined : new ManifestKeys(keySource, clock, tell);
  const { sites, geoDb } = config;
  const locator = new Locator({ sites, geoDb, key: placeKey(config.redis) }, clock, tell);
  const stun = new StunServer(clock, (outcome) => metrics.stunRequests.inc({ outcome }));
  const blocked = new BlockedSwarms(directory.viewers);
  const newViewerId = () => randomBytes(9).toString('base64url');
  const liveConsole = new LiveConsole({
    swarms: viewers,
    edges: new EdgeWatch(config.edgeAdmin),
    clock,
    reportEveryMs: config.reportInterval * 1000,
    connections: () => gateway.connectionCount,
    swarmCount: () => torrents.swarmCount + viewers.swarmCount,
    isDraining: () => draining,
  });
  const reports = openReportDesk(config, { metrics, clock }, directory);
  const nearcast = new NearcastDialect(
    {
      reportEveryMs: config.reportInterval * 1000,
      keys: () => manifestKeys?.current ?? [],
      iceServers: (viewer) => iceServersFor(config, viewer, epochMs() / 1000),
    },
    {
      swarms: directory.viewers,
      terms: access.terms,
      blocked,
      metrics,
      clock,
      placeOf: (connection) => places.get(connection) ?? nowhere,
      newViewerId,
      reports,
      reported: (id, report) => liveConsole.reported(id, report),
    },
  );

  function receiveTorrent(from: ConnectionId, text: string): 'accepted' | 'malformed' {
    const out: Outbox = [];
    const command = parseTorrentCommand(text, torrentLimits);
    const now = clock.now();
    if (command.is === 'announce' || command.is === 'answer') {
      const refusal = access.torrentRefusal(from, command.infoHash);
      if (refusal !== undefined) {
        refuseAnnounce(from, command, 'not-allowed', refusal);
        return 'accepted';
      }
    }
    switch (command.is) {
      case 'announce':
        if (published?.has(command.infoHash) === false) void announceIfPublished(published, from, command);
        else directory.torrents.announce(from, command, now, out);
        break;
      case 'answer':
        directory.torrents.answer(from, command, now, out);
        break;
      case 'scrape':
        directory.torrents.scrape(from, command, out);
        break;
      case 'malformed': {
        const { action, infoHash, because } = command;
        out.push({ to: from, reply: { action, info_hash: infoHash, 'failure reason': because } });
      }
    }
    sendTorrentReplies(out);
    return command.is === 'malformed' ? 'malformed' : 'accepted';
  }

  function sendTorrentReplies(out: Outbox): void {
    let offers = 0;
    for (const { to, reply } of out) {
      if ('offer' in reply) offers += 1;
      else if ('answer' in reply) metrics.relayed.inc({ kind: 'answer' });
      gateway.send(to, JSON.stringify(reply));
    }
    if (offers > 0) metrics.relayed.inc({ kind: 'offer' }, offers);
  }

  async function announceIfPublished(
    files: PublishedFiles,
    from: ConnectionId,
    command: Extract<TorrentCommand, { is: 'announce' }>,
  ): Promise<void> {
    const isPublished = await files.isPublished(command.infoHash);
    if (!dialectOf.has(from)) return;
    const out: Outbox = [];
    if (isPublished) directory.torrents.announce(from, command, clock.now(), out);
    else {
      // It may have been published when this peer came.
      directory.torrents.announce(from, { ...command, event: 'stopped' }, clock.now(), []);
      refuseAnnounce(from, command, 'not-published', 'not published here');
    }
    sendTorrentReplies(out);
  }

  function refuseAnnounce(to: ConnectionId, { infoHash }: { infoHash: string }, because: string, reason: string): void {
    metrics.refusedAnnounces.inc({ because });
    sendTorrentReplies([{ to, reply: { action: 'announce', info_hash: infoHash, 'failure reason': reason } }]);
  }

  function tellViewers(command: (out: ViewerOutbox) => void): void {
    const out: ViewerOutbox = [];
    command(out);
    sendToViewers(out);
  }

  function sendToViewers(out: ViewerOutbox): void {
    for (const { to, message } of out) gateway.send(to, JSON.stringify(message));
  }

  function receiveNearcast(from: ConnectionId, text: string): 'accepted' | 'malformed' {
    const message = parseViewerMessage(text);
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
        if (dialect === 'nearcast') places.set(connection, locator.placeOf(arrival.address));
      },
      received(connection, text) {
        const dialect = dialectOf.get(connection) ?? 'webtorrent';
        const outcome = dialect === 'nearcast' ? receiveNearcast(connection, text) : receiveTorrent(connection, text);
        metrics.messages.inc({ dialect, outcome });
      },
      exceededRate(connection) {
        const dialect = dialectOf.get(connection) ?? 'webtorrent';
        metrics.messages.inc({ dialect, outcome: 'too-many' });
        const error =
          dialect === 'nearcast'
            ? trackerError('too-many', 'too many messages')
            : { action: 'announce', info_hash: '', 'failure reason': 'too many messages' };
        gateway.send(connection, JSON.stringify(error));
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
  const admin = adminApp(metrics.registry, () => !draining);
  addConsole(admin, liveConsole, config.adminToken);
  const blocking = directory.share({
    names: () => blocked.names,
    block: (swarm: string) => tellViewers((out) => blocked.block(swarm, out)),
    unblock: (swarm: string) => blocked.unblock(swarm),
  });
  addBlocking(admin, blocking, config.adminToken);
  const adminServer = createServer(admin);
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
    manifestKeys?.stop();
    published?.stop();
    stun.close();
    locator.stop();
    gateway.stop();
    proxies.stop();
    await directory.leave();
    directory.close();
    await Promise.all([closeServer(httpServer, 0), closeServer(adminServer, 0)]);
  }

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    gateway.stopAccepting();
    const waiting = [...gateway.connections()];
    const pauseMs = (config.drainSeconds * 1000) / Math.max(1, waiting.length);
    for (const connection of waiting) {
      if (dialectOf.get(connection) === 'nearcast') {
        const afterMs = Math.round(random() * 2000);
        gateway.send(connection, JSON.stringify({ type: 'reconnect', afterMs }));
      }
      gateway.close(connection, 'serviceRestart');
      await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
    }
    await close();
  }

  try {
    await Promise.all([manifestKeys?.start(), published?.start(), locator.start(), access.start(), directory.start()]);
    if (config.stunPort > 0) await stun.listen(config.stunPort, config.host);
    await listen(httpServer, config.port, config.host);
    await listen(adminServer, config.adminPort, config.adminHost);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: portOf(httpServer), adminPort: portOf(adminServer), drain, close };
}
