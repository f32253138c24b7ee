import type { Request, RequestHandler, Response } from 'express';
import fresh from 'fresh';
import parseRange from 'range-parser';
import { freshSeconds, kindOf, type ObjectKind } from '../cache/freshness.ts';
import type { CachedObject, MemoryStore } from '../cache/memory-store.ts';
import type { Clock } from '../clock.ts';
import type { EdgeMetrics } from '../metrics/metrics.ts';
import type { Collapse } from '../origin/collapse.ts';
import { Fill } from '../origin/fill.ts';
import { type Origin, OriginError, type OriginFailure } from '../origin/origin.ts';
import { pieces, sendBody } from './send-body.ts';

export interface PipelineDeps {
  readonly origin: Origin;
  readonly store: MemoryStore;
  readonly fills: Collapse<Fill>;
  readonly metrics: EdgeMetrics;
  readonly clock: Clock;
}

/** Low-latency directives are part of what is asked for (RFC 8216bis §6.2.5); every other query is the site's own. */
const KEPT_QUERY = /^_HLS_(msn|part|skip)$/;

/** How long a live playlist that the origin no longer gives may still be served, s. */
const STALE_IF_ERROR_SECONDS = 60;

const statusOf: Readonly<Record<OriginFailure, number>> = {
  unreachable: 502,
  'broken-off': 502,
  timeout: 504,
  'forbidden-path': 400,
};

/** Every request for media: what is cached, what is on its way, and what must be fetched. */
export function mediaHandler(deps: PipelineDeps): RequestHandler {
  return async (request, response) => {
    response.on('finish', () => deps.metrics.responses.inc({ status: `${Math.floor(response.statusCode / 100)}xx` }));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('Allow', 'GET, HEAD, OPTIONS').status(405).type('text').send('only GET, HEAD and OPTIONS\n');
      return;
    }
    try {
      await serve(request, response, deps);
    } catch (error) {
      sendError(response, error);
    }
  };
}

async function serve(request: Request, response: Response, deps: PipelineDeps): Promise<void> {
  const { store, fills, metrics, clock } = deps;
  const target = targetOf(request);
  const cached = store.get(target);
  if (cached && cached.freshUntil > clock.now()) {
    metrics.requests.inc({ cache: 'hit' });
    await sendObject(request, response, cached, 'HIT', deps);
    return;
  }
  const { result, first } = fills.run(
    target,
    () => startFill(target, deps),
    (fill) => fill.whole,
  );
  let fill: Fill;
  try {
    fill = await result;
    if (fill.status >= 500 && cached) throw OriginError.unreachable(`status ${fill.status}`);
  } catch (error) {
    if (!cached || cached.freshUntil + STALE_IF_ERROR_SECONDS * 1000 < clock.now()) throw error;
    metrics.requests.inc({ cache: 'stale' });
    await sendObject(request, response, cached, 'STALE', deps);
    return;
  }
  metrics.requests.inc({ cache: first ? 'miss' : 'collapsed' });
  await sendFill(request, response, target, fill, first ? 'MISS' : 'COLLAPSED', deps);
}

function targetOf(request: Request): string {
  const [path = '/', query = ''] = request.originalUrl.split('?', 2);
  const kept = [...new URLSearchParams(query)].filter(([name]) => KEPT_QUERY.test(name));
  return kept.length === 0 ? path : `${path}?${new URLSearchParams(kept)}`;
}

async function startFill(target: string, deps: PipelineDeps): Promise<Fill> {
  const { origin, metrics, store, clock } = deps;
  const stopTimer = metrics.originSeconds.startTimer();
  try {
    const response = await origin.get(target, new AbortController().signal);
    stopTimer({ outcome: response.status < 500 ? 'ok' : 'error' });
    const fill = new Fill(response, (bytes) => metrics.originBytes.inc(bytes));
    const keep = (body: Buffer) => {
      const object = toCached(target, fill, body, clock.now());
      if (object.status === 200 && object.freshUntil > object.storedAt) store.set(target, object);
    };
    fill.whole.then(keep, () => undefined);
    return fill;
  } catch (error) {
    stopTimer({ outcome: 'error' });
    throw error;
  }
}

function toCached(target: string, fill: Fill, body: Buffer, now: number): CachedObject {
  const kind = kindOf(pathOf(target), fill.headers['content-type']);
  const seconds = freshSeconds(kind, fill.headers['cache-control'], () => body.toString('utf8'));
  return { kind, status: fill.status, headers: fill.headers, body, storedAt: now, freshUntil: now + seconds * 1000 };
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? target;
}

/** Of the origin's headers only these are the viewers' business. */
const PASSED_HEADERS = ['content-type', 'etag', 'last-modified', 'cache-control'] as const;

function setObjectHeaders(response: Response, kind: ObjectKind, headers: CachedObject['headers'], cache: string): void {
  for (const name of PASSED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) response.set(name, value);
  }
  if (kind === 'playlist') response.set('Content-Type', 'application/vnd.apple.mpegurl');
  if (kind === 'segment' && headers['cache-control'] === undefined) {
    response.set('Cache-Control', 'public, max-age=31536000, immutable');
  }
  response.set({ 'X-Cache': cache, 'Accept-Ranges': 'bytes' });
}

async function sendObject(
  request: Request,
  response: Response,
  object: CachedObject,
  cache: string,
  deps: PipelineDeps,
): Promise<void> {
  const { body, kind } = object;
  response.status(object.status);
  setObjectHeaders(response, kind, object.headers, cache);
  response.set('Age', String(Math.max(0, Math.floor((deps.clock.now() - object.storedAt) / 1000))));
  if (isNotModified(request, response)) {
    response.status(304).end();
    return;
  }
  const range = singleRange(request, response, body.byteLength);
  if (range === 'unsatisfiable') {
    response.status(416).set('Content-Range', `bytes */${body.byteLength}`).end();
    return;
  }
  const part = range ? body.subarray(range.start, range.end + 1) : body;
  if (range) response.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${body.byteLength}`);
  response.set('Content-Length', String(part.byteLength));
  if (request.method === 'HEAD') response.end();
  else await sendBody(response, pieces(part), (bytes) => deps.metrics.sentBytes.inc({ kind }, bytes));
}

async function sendFill(
  request: Request,
  response: Response,
  target: string,
  fill: Fill,
  cache: string,
  deps: PipelineDeps,
): Promise<void> {
  if (fill.status !== 200) {
    const text = `the origin answered ${fill.status}\n`;
    response.status(fill.status).set('X-Cache', cache).type('text').send(text);
    return;
  }
  // A range or a condition is answered from the whole object: what is cached must be whole.
  if (request.headers.range !== undefined || request.headers['if-none-match'] !== undefined) {
    const object = toCached(target, fill, await fill.whole, deps.clock.now());
    await sendObject(request, response, object, cache, deps);
    return;
  }
  const kind = kindOf(pathOf(target), fill.headers['content-type']);
  setObjectHeaders(response, kind, fill.headers, cache);
  const length = fill.headers['content-length'];
  if (length !== undefined) response.set('Content-Length', length);
  response.status(200);
  if (request.method === 'HEAD') response.end();
  else await sendBody(response, fill.read(), (bytes) => deps.metrics.sentBytes.inc({ kind }, bytes));
}

/** A client's `Cache-Control: no-cache` is about caches nearer to it; its conditions count all the same (RFC 9110 §13). */
function isNotModified(request: Request, response: Response): boolean {
  const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = request.headers;
  return fresh(
    { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince },
    { etag: response.get('ETag'), 'last-modified': response.get('Last-Modified') },
  );
}

/** RFC 9110 §14.2: several ranges, or one that is no range, may be ignored; the whole object is then the answer. */
function singleRange(request: Request, response: Response, size: number) {
  const header = request.headers.range;
  if (header === undefined || request.method !== 'GET') return undefined;
  const ifRange = request.headers['if-range'];
  if (ifRange !== undefined && ifRange !== response.get('ETag') && ifRange !== response.get('Last-Modified')) {
    return undefined;
  }
  const ranges = parseRange(size, String(header));
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

function sendError(response: Response, error: unknown): void {
  if (response.headersSent) {
    // The client must see that the body is not whole: break the connection instead of ending it well.
    response.destroy();
    return;
  }
  const status = error instanceof OriginError ? statusOf[error.reason] : 500;
  const text = error instanceof OriginError ? error.message : 'the edge failed';
  response.status(status).set('Cache-Control', 'no-store').type('text').send(`${text}\n`);
}
