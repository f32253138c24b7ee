import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ask } from '../cache/ask.ts';
import type { Content } from '../cache/content.ts';
import { ageSeconds } from '../cache/freshness.ts';
import type { Found } from '../cache/media-cache.ts';
import { type Part, parseRangeHeader, resolveRange } from './byte-range.ts';
import { cacheStatus, shownResult } from './cache-status.ts';
import { evaluatePreconditions, rangeApplies } from './conditions.ts';
import { objectHeaders } from './object-headers.ts';
import type { BodySender } from './send-body.ts';

type OutgoingHeaders = Record<string, string | number>;

/** What goes out: a status, headers, and which bytes of the content. */
interface Answer {
  readonly status: number;
  readonly headers: OutgoingHeaders;
  readonly part?: Part | 'all';
}

export interface SendDeps {
  readonly sender: BodySender;
  readonly now: number;
  readonly sent: (bytes: number) => void;
}

/**
 * Answers a request with what the cache found: its condition and its range are for us to decide, unless the origin has
 * answered this very request.
 * @param extra headers of this response that do not come from the object
 */
export async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  ask: Ask,
  found: Found,
  extra: Readonly<Record<string, string>>,
  { sender, now, sent }: SendDeps,
): Promise<void> {
  const { content } = found;
  try {
    const answer = content.isPassed ? passedAnswer(content) : await ownAnswer(request, content, ask);
    const headers = withVary({ ...answer.headers, ...aboutCache(found, now) }, extra);
    if (answer.part === undefined || request.method === 'HEAD') {
      response.writeHead(answer.status, headers).end();
      return;
    }
    const { start, end } = answer.part === 'all' ? { start: 0, end: content.size } : answer.part;
    const body = await begun(content.read(start, end));
    response.writeHead(answer.status, headers);
    await sender.send(response, body, sent);
  } finally {
    content.close();
  }
}

/** The same pieces, once the first is here: until then a failure can still be told by a status. */
async function begun(
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<Iterable<Buffer> | AsyncIterable<Buffer>> {
  if (Symbol.iterator in pieces) return pieces;
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  return continued(first, iterator);
}

async function* continued(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function passedAnswer({ head, size }: Content): Answer {
  const { 'content-range': range, 'set-cookie': cookie } = head.headers;
  const headers: OutgoingHeaders = { ...objectHeaders(head, '') };
  if (size !== undefined && head.status !== 204 && head.status !== 304) headers['content-length'] = size;
  if (range !== undefined) headers['content-range'] = range;
  if (cookie !== undefined) headers['set-cookie'] = cookie;
  return { status: head.status, headers, ...(head.status === 304 ? {} : { part: 'all' }) };
}

async function ownAnswer(request: IncomingMessage, content: Content, ask: Ask): Promise<Answer> {
  const { head } = content;
  const headers: OutgoingHeaders = { ...objectHeaders(head, ask.path), 'accept-ranges': 'bytes' };
  if (head.status === 204) return { status: 204, headers };
  if (head.status !== 200) return { status: head.status, headers: withLength(headers, content.size), part: 'all' };
  switch (evaluatePreconditions(request.headers, head.headers)) {
    case 'not-modified':
      return { status: 304, headers };
    case 'failed':
      return { status: 412, headers: {} };
    case 'proceed':
      return (
        (await rangeAnswer(request, content, headers)) ?? {
          status: 200,
          headers: withLength(headers, content.size),
          part: 'all',
        }
      );
  }
}

async function rangeAnswer(
  request: IncomingMessage,
  content: Content,
  headers: OutgoingHeaders,
): Promise<Answer | undefined> {
  // RFC 9110 §14.2: a range is defined for GET alone.
  const asked = request.method === 'GET' ? parseRangeHeader(request.headers.range) : undefined;
  if (!asked || !rangeApplies(request.headers, content.head.headers)) return undefined;
  // Of a body that has not said how long it will be, as much must be here as was asked for.
  const enough = asked.is === 'from' && asked.last !== undefined ? asked.last + 1 : Number.POSITIVE_INFINITY;
  const bytes = content.size ?? (await content.arrival(enough));
  const part = resolveRange(asked, bytes);
  if (part === 'unsatisfiable') return { status: 416, headers: { 'content-range': `bytes */${bytes}` } };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-range': `bytes ${part.start}-${part.end - 1}/${content.size ?? '*'}`,
      'content-length': part.end - part.start,
    },
    part,
  };
}

function withLength(headers: OutgoingHeaders, size: number | undefined): OutgoingHeaders {
  return size === undefined ? headers : { ...headers, 'content-length': size };
}

function aboutCache({ content: { head }, result, isStored }: Found, now: number): OutgoingHeaders {
  const age = ageSeconds(head.freshness, now);
  const isFromCache = result !== 'bypass';
  return {
    ...(isFromCache && { age: Math.floor(age) }),
    'x-cache': shownResult[result],
    'cache-status': cacheStatus({ result, isStored }, head.freshness.freshSeconds - age, head.headers['cache-status']),
  };
}

/** `Vary` of the object and of the edge's own doing are both true. */
function withVary(headers: OutgoingHeaders, extra: Readonly<Record<string, string>>): OutgoingHeaders {
  const vary = [headers.vary, extra.vary].filter((value) => value !== undefined).join(', ');
  return { ...headers, ...extra, ...(vary !== '' && { vary }) };
}
