import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { adminApp, closeServer, listen, portOf } from '@nearcast/service-kit';
import { accessChecks } from './access/access-checks.ts';
import { DiskFiles } from './cache/disk-files.ts';
import { DiskStore } from './cache/disk-store.ts';
import { ObjectFetcher } from './cache/fetch-object.ts';
import { MediaCache } from './cache/media-cache.ts';
import { MemoryStore } from './cache/memory-store.ts';
import { TieredStore } from './cache/tiered-store.ts';
import { type Clock, systemClock } from './clock.ts';
import { collectorOfPieces } from './collect-garbage.ts';
import { defaults, type EdgeConfig } from './config.ts';
import { askFor } from './http/ask-for.ts';
import { ClientGuard } from './http/client-guard.ts';
import { mediaHandler } from './http/media-handler.ts';
import { parseTarget } from './http/request-target.ts';
import { BodySender } from './http/send-body.ts';
import { Manifests } from './integrity/manifests.ts';
import { SignedLedger } from './integrity/signed-ledger.ts';
import { exposedKeyFiles, loadSigningKeys } from './integrity/signing-keys.ts';
import { addPurge } from './metrics/admin-routes.ts';
import { countCmcd } from './metrics/cmcd.ts';
import { createMetrics, type EdgeMetrics } from './metrics/metrics.ts';
import { openOrigin } from './open-origin.ts';
import { OriginGroup } from './origin/origin-group.ts';
import { LivePlaylists } from './playlist/live-playlists.ts';
import { playlistLifetime } from './playlist/playlist-lifetime.ts';
import { Prefetch } from './playlist/prefetch.ts';
import { readPlaylist } from './playlist/read-playlist.ts';
import { openTorrents } from './torrent/open-torrents.ts';
import { addTorrents } from './torrent/torrent-routes.ts';

export type { EdgeConfig } from './config.ts';

export interface Edge {
  /** Where it listens; useful when the configured port was 0. */
  readonly port: number;
  readonly adminPort: number;
  /** Lets running responses end for a moment, then closes. */
  close(): Promise<void>;
}

export interface EdgeDeps {
  readonly clock: Clock;
  /** One sentence that an operator should read. */
  readonly warn?: (sentence: string) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_WITHIN_MS = 5_000;

/** Request heads are small and come at once; connections are kept for longer than load balancers keep them. */
const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  // The handler sees to it, and to what comes after such a request.
  requireHostHeader: false,
};

/**
 * @throws {Error} with one sentence when an origin is neither an http(s) URL nor a readable folder, or a key is none
 * @throws when a port cannot be had: the error of `listen`, with `code` EADDRINUSE or EACCES
 */
export async function startEdge(
  given: Partial<EdgeConfig> & Pick<EdgeConfig, 'origin'>,
  { clock, warn = () => undefined }: EdgeDeps = { clock: systemClock },
): Promise<Edge> {
  const config: EdgeConfig = { ...defaults, ...given };
  const via = `nearcast-${randomBytes(4).toString('hex')}`;
  const closers: (() => Promise<unknown> | unknown)[] = [];
  let isClosing = false;
  const close = async () => {
    isClosing = true;
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const parts = await assemble(config, { clock, warn }, via, closers);
    const server = createServer(SERVER_OPTIONS, parts.handler);
    const admin = adminApp(parts.metrics.registry, () => !isClosing);
    addPurge(admin, parts.purge);
    if (parts.files) addTorrents(admin, parts.files.answers.torrents, parts.files.shelf);
    const adminServer = createServer(admin);
    await open(server, config.port, config.host, CLOSE_WITHIN_MS, closers);
    await open(adminServer, config.adminPort, config.adminHost, 0, closers);
    return { port: portOf(server), adminPort: portOf(adminServer), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closers = (() => Promise<unknown> | unknown)[];

async function open(server: Server, port: number, host: string, graceMs: number, closers: Closers): Promise<void> {
  await listen(server, port, host);
  closers.push(() => closeServer(server, graceMs));
}

/** Everything between the ports. */
async function assemble(config: EdgeConfig, { clock, warn }: Required<EdgeDeps>, via: string, closers: Closers) {
  const access = accessChecks(config, clock);
  const guard = new ClientGuard(config);
  const sender = new BodySender();
  closers.push(() => sender.close());
  const metrics: EdgeMetrics = createMetrics({
    memoryBytes: () => memory.bytes,
    diskBytes: () => disk?.bytes ?? 0,
    busyBytes: () => memory.busyBytes,
    waiting: () => cache.waiting,
    sending: () => sender.sending,
    publishedTorrents: () => files?.shelf.count ?? 0,
    torrentJobs: () => files?.answers.torrents.jobCounts ?? { running: 0, waiting: 0 },
  });
  const memory = new MemoryStore(config.memorySize, () => metrics.evictions.inc({ tier: 'memory' }));
  const disk = await openDisk(config, metrics);
  if (disk) closers.push(() => disk.settled());
  const store = new TieredStore(memory, disk);
  const keyFiles = keyFilesOf(config);
  const keys = await loadSigningKeys(keyFiles);
  for (const file of await exposedKeyFiles(keyFiles))
    warn(`${file} can be read by everyone on this machine: chmod 600 it`);
  const origin = await openOrigins(config, via, metrics, warn);
  closers.push(() => origin.close());

  const rules = {
    cacheQuery: new Set(config.cacheQuery),
    passQuery: new Set(config.passQuery),
    forwardHeaders: new Set(config.forwardHeaders.map((name) => name.toLowerCase())),
    allowOrigin: config.allowOrigin,
  };
  const live = new LivePlaylists(clock);
  const ledger = new SignedLedger(clock);
  const collect = collectorOfPieces();
  const events = {
    received: (bytes: number) => {
      metrics.originBytes.inc(bytes);
      collect(bytes);
    },
    hashed: (seconds: number) => metrics.hashingSeconds.inc(seconds),
    answered: (seconds: number, isFine: boolean) =>
      metrics.originSeconds.observe({ outcome: isFine ? 'ok' : 'error' }, seconds),
    fetched: (...news: Parameters<Prefetch['playlistFetched']>) => prefetch.playlistFetched(...news),
  };
  const fetcher = new ObjectFetcher({
    origin,
    memory,
    clock,
    sliceAbove: config.sliceAbove,
    sentNames: rules.forwardHeaders,
    playlistLifetime: (ask, text) => playlistLifetime(readPlaylist(text), ask.key.includes('_HLS_msn=')),
    events,
  });
  closers.push(() => fetcher.close());
  const cache = new MediaCache({ store, fetcher, clock, events });
  const manifests = new Manifests({
    cache,
    keys,
    ledger,
    signed: (seconds) => {
      metrics.manifests.inc();
      metrics.signingSeconds.inc(seconds);
    },
  });
  const files = await openTorrents(config, cache, metrics, warn);
  const prefetch = new Prefetch({
    live,
    manifests,
    askFor: (pathAndQuery, like) => {
      const target = parseTarget(pathAndQuery);
      return 'status' in target ? undefined : askFor(target, like.headers, rules);
    },
    fetched: () => metrics.prefetches.inc(),
  });
  const handler = mediaHandler({
    cache,
    manifests,
    torrents: files?.answers,
    live,
    access,
    guard,
    sender,
    metrics,
    clock,
    keySet: JSON.stringify({ keys: keys.published }),
    via,
    rules,
    seen: ({ headers }, { query }) => countCmcd(query, headers, metrics),
  });
  const purge = async (prefix: string) => {
    ledger.forget(prefix);
    live.forget(prefix);
    files?.shelf.forget(prefix);
    return await cache.purge(prefix);
  };
  return { handler, metrics, purge, files };
}

/** With a disk cache the key survives with it, so that viewers trust what was signed before a restart. */
function keyFilesOf({ signingKey, cacheDir }: EdgeConfig): readonly string[] {
  return signingKey.length === 0 && cacheDir !== undefined ? [join(cacheDir, 'signing-key.pem')] : signingKey;
}

async function openDisk({ cacheDir, cacheSize }: EdgeConfig, metrics: EdgeMetrics): Promise<DiskStore | undefined> {
  if (cacheDir === undefined) return undefined;
  const files = new DiskFiles(cacheDir);
  await files.prepare().catch((error: Error) => {
    throw new Error(`--cache-dir ${cacheDir} cannot be used: ${error.message}`, { cause: error });
  });
  return new DiskStore(files, cacheSize, {
    evicted: () => metrics.evictions.inc({ tier: 'disk' }),
    notWritten: (because) => metrics.unwritten.inc({ because }),
    damaged: () => metrics.damaged.inc(),
  });
}

async function openOrigins(
  { origin, originTimeout }: EdgeConfig,
  via: string,
  metrics: EdgeMetrics,
  warn: (sentence: string) => void,
): Promise<OriginGroup> {
  const ms = originTimeout * 1000;
  const timeouts = { connectMs: Math.min(CONNECT_TIMEOUT_MS, ms), headersMs: ms, bodyMs: ms };
  const given = typeof origin === 'string' ? [origin] : origin;
  const members = await Promise.all(given.map((one) => openOrigin(one, timeouts, `1.1 ${via}`)));
  return new OriginGroup(members, {
    failed: (name, reason) => metrics.originFailures.inc({ origin: name, reason }),
    health: (name, isUp) => {
      metrics.originUp.set({ origin: name }, isUp ? 1 : 0);
      if (!isUp) warn(`origin ${name} does not answer well; it is left alone until it does`);
    },
  });
}
