import type { IncomingHttpHeaders } from 'node:http';
import { fromCmcdHeaders, fromCmcdQuery } from '@svta/cml-cmcd';
import type { EdgeMetrics } from './metrics.ts';

/** Longest CMCD that is read: all keys of CTA-5004 with long ids are below. */
const MAX_CMCD_LENGTH = 2_000;

const HEADERS = ['cmcd-object', 'cmcd-request', 'cmcd-session', 'cmcd-status'];

const OBJECTS: Readonly<Record<string, string>> = { v: 'video', a: 'audio', av: 'muxed', i: 'init' };
const STREAMS: Readonly<Record<string, string>> = { v: 'vod', l: 'live', ll: 'live' };

/** What players say of themselves with a request (CTA-5004). Anyone can write it: read with bounds, counted in few labels. */
export function countCmcd(query: readonly string[], headers: IncomingHttpHeaders, metrics: EdgeMetrics): void {
  const data = readCmcd(query, headers);
  if (!data) return;
  const stream = STREAMS[String(data.st)] ?? 'unknown';
  metrics.cmcdRequests.inc({ object: OBJECTS[String(data.ot)] ?? 'other', stream });
  if (data.bs === true) metrics.cmcdStarved.inc({ stream });
  const buffered = numberOf(data.bl);
  if (buffered !== undefined) metrics.cmcdBufferSeconds.observe({ stream }, buffered / 1000); // ms
  const throughput = numberOf(data.mtp);
  if (throughput !== undefined) metrics.cmcdThroughput.observe({ stream }, (throughput * 1000) / 8); // kbit/s
}

type Cmcd = Readonly<Record<string, unknown>>;

function readCmcd(query: readonly string[], headers: IncomingHttpHeaders): Cmcd | undefined {
  const parameter = query.find((candidate) => candidate.startsWith('CMCD='));
  const found = HEADERS.filter((name) => headers[name] !== undefined);
  if (parameter === undefined && found.length === 0) return undefined;
  try {
    if (parameter !== undefined && parameter.length <= MAX_CMCD_LENGTH) return fromCmcdQuery(parameter) as Cmcd;
    const texts = found.map((name) => [name, String(headers[name]).slice(0, MAX_CMCD_LENGTH)] as const);
    return fromCmcdHeaders(Object.fromEntries(texts)) as Cmcd;
  } catch {
    return undefined; // not CMCD after all
  }
}

/** CMCD v2 sends lists where v1 sent a number; the first is the object's own. */
function numberOf(value: unknown): number | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' && Number.isFinite(first) && first >= 0 ? first : undefined;
}
