import { hash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MANIFEST_CONTENT_TYPE } from '@nearcast/protocol';
import type { AccessCheck } from '../access/access.ts';
import type { Ask } from '../cache/ask.ts';
import { BufferContent } from '../cache/content.ts';
import type { Found, MediaCache } from '../cache/media-cache.ts';
import type { ObjectKind } from '../cache/object-kind.ts';
import type { Clock } from '../clock.ts';
import { type Manifests, NoManifest } from '../integrity/manifests.ts';
import type { EdgeMetrics } from '../metrics/metrics.ts';
import type { LivePlaylists } from '../playlist/live-playlists.ts';
import { NoTorrent } from '../torrent/no-torrent.ts';
import { noTorrentAnswer, type TorrentAnswers } from '../torrent/torrent-answers.ts';
import { admit } from './admit.ts';
import { askFor, type KeyRules } from './ask-for.ts';
import { type Part, parseRangeHeader } from './byte-range.ts';
import { countedResult } from './cache-status.ts';
import type { ClientGuard } from './client-guard.ts';
import { type CorsRules, corsHeaders, preflightHeaders } from './cors.ts';
import { LowLatency } from './low-latency.ts';
import { parseManifestPath } from './manifest-path.ts';
import { objectHeaders } from './object-headers.ts';
import { failureAnswer, sendText } from './plain-answer.ts';
import { playlistView } from './playlist-view.ts';
import type { Target } from './request-target.ts';
import type { BodySender } from './send-body.ts';
import { sendContent } from './send-content.ts';

export const KEYS_PATH = '/.well-known/nearcast/keys.json';
/** A new key is known to viewers after that. */
const KEYS_CACHE_CONTROL = 'public, max-age=300';

export interface FrontDeps {
  readonly cache: MediaCache;
  readonly manifests: Manifests;
  /** Where some files have torrents. */
  readonly torrents?: TorrentAnswers | undefined;
  readonly live: LivePlaylists;
  readonly access: AccessCheck;
  readonly guard: ClientGuard;
  readonly sender: BodySender;
  readonly metrics: EdgeMetrics;
  readonly clock: Clock;
  /** The keys that manifests are signed with, as JSON. */
  readonly keySet: string;
  /** How this edge names itself (RFC 9110 §7.6.3). */
  readonly via: string;
  readonly rules: KeyRules & CorsRules;
  /** Told of every request that was let in. */
  readonly seen: (request: IncomingMessage, target: Target) => void;
}

/** Every request of viewers: let in or refused, then found, then sent. */
export function mediaHandler(deps: FrontDeps): RequestListener {
  const { metrics } = deps;
  const lowLatency = new LowLatency(deps.cache, deps.live);
  /** Connections that brought something malformed: what follows on them may be a part of it that hides as a request. */
  const spoilt = new WeakSet<Socket>();
  return (request, response) => {
    if (spoilt.has(request.socket)) return;
    const extra = { ...corsHeaders(deps.rules, request.headers.origin), via: `1.1 ${deps.via}` };
    response.once('finish', () => metrics.responses.inc({ status: `${Math.floor(response.statusCode / 100)}xx` }));
    handle(request, response, extra, deps, lowLatency, () => spoilt.add(request.socket)).catch((error: unknown) => {
      const { status, text } = failureAnswer(error);
      if (error instanceof NoTorrent) return refuseTorrent(response, error, extra, deps);
      if (error instanceof NoManifest) metrics.manifestRefusals.inc({ because: error.reason });
      sendText(response, status, text, extra);
    });
  };
}

type Extra = Readonly<Record<string, string>>;

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  extra: Extra,
  deps: FrontDeps,
  lowLatency: LowLatency,
  spoil: () => void,
): Promise<void> {
  const refuse = (because: string, status: number, why: string, headers: Extra = {}) => {
    deps.metrics.refusals.inc({ because });
    const close: Extra = because === 'malformed' ? { connection: 'close' } : {};
    if (because === 'malformed') spoil();
    sendText(response, status, why, { ...extra, ...close, ...headers });
  };
  const admission = admit(request, deps.via);
  if (admission.is === 'preflight') {
    response.writeHead(204, { ...extra, ...preflightHeaders(request) }).end();
    return;
  }
  if (admission.is === 'refused') {
    const { because, status, why } = admission;
    return refuse(because, status, why, status === 405 ? { allow: 'GET, HEAD, OPTIONS' } : {});
  }
  const { target } = admission;
  const address = deps.guard.addressOf(request);
  if (!(await deps.guard.mayAsk(address))) return refuse('rate', 429, 'too many requests', { 'retry-after': '1' });
  deps.seen(request, target);
  if (target.path === KEYS_PATH) return sendKeys(response, extra, deps);

  const manifest = parseManifestPath(target.path);
  if (manifest === 'empty') return sendText(response, 400, 'a range must be first-last', extra);
  const file = deps.torrents?.fileOf(target.path);
  const path = file ?? manifest?.path ?? target.path;
  const { method = 'GET', headers } = request;
  const access = await deps.access.check({ path, query: target.query, method, headers, address });
  if (access.is === 'refused') return refuse('token', access.status, access.why);

  const ask = askFor({ path, query: target.query }, headers, deps.rules);
  if (deps.torrents && file !== undefined) {
    const content = await deps.torrents.answer(ask, request, access.carry, deps.clock.now());
    return await send(request, response, ask, { content, result: 'hit', isStored: true }, extra, deps);
  }
  if (manifest) return await sendManifest(request, response, ask, manifest.range, extra, deps);
  const found = await lowLatency.open(withNeeds(ask, request), target);
  const content = await playlistView(found.content, String(headers['accept-encoding'] ?? ''), access.carry);
  await send(request, response, ask, { ...found, content }, extra, deps);
}

/** A range beyond what is stored of a file that grows must not be refused for what it was. */
function withNeeds(ask: Ask, { headers }: IncomingMessage): Ask {
  const range = parseRangeHeader(headers.range);
  return range?.is === 'from' ? { ...ask, needsBytes: range.first + 1 } : ask;
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  ask: Ask,
  found: Found,
  extra: Extra,
  { metrics, sender, clock }: FrontDeps,
): Promise<void> {
  const { kind } = found.content.head;
  const cache = countedResult[found.result];
  metrics.requests.inc({ cache });
  metrics.lookups.inc({ kind, cache });
  const sent = (bytes: number) => metrics.sentBytes.inc({ kind }, bytes);
  await sendContent(request, response, ask, found, extra, { sender, now: clock.now(), sent });
}

async function sendManifest(
  request: IncomingMessage,
  response: ServerResponse,
  ask: Ask,
  range: Part | undefined,
  extra: Extra,
  deps: FrontDeps,
): Promise<void> {
  const { bytes, head, result } = await deps.manifests.of(ask, range);
  const kind: ObjectKind = 'manifest';
  // It is right for as long as its segment is.
  const { 'cache-control': cacheControl } = objectHeaders(head, ask.path);
  const headers = {
    'content-type': MANIFEST_CONTENT_TYPE,
    etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`,
    ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
  };
  const content = new BufferContent({ ...head, kind, headers }, bytes);
  await send(request, response, ask, { content, result, isStored: true }, extra, deps);
}

function refuseTorrent(response: ServerResponse, error: NoTorrent, extra: Extra, { metrics }: FrontDeps): void {
  metrics.torrentRefusals.inc({ because: error.reason });
  const { status, headers } = noTorrentAnswer(error);
  sendText(response, status, error.message, { ...extra, ...headers });
}

function sendKeys(response: ServerResponse, extra: Extra, { keySet }: FrontDeps): void {
  response.writeHead(200, {
    'content-type': 'application/jwk-set+json',
    'content-length': Buffer.byteLength(keySet),
    'cache-control': KEYS_CACHE_CONTROL,
    ...extra,
  });
  response.end(response.req.method === 'HEAD' ? undefined : keySet);
}
