import { MAX_COUNTER, MAX_VIEWER_ID_LENGTH } from './limits.ts';
import { asCount, asObject, asOneOf, asText, type JsonObject } from './parse.ts';

/** What happened at one viewer since its previous report. Counters are deltas, never totals: a lost report loses only itself. */
export interface PlaybackReport {
  /** Milliseconds that this report covers. */
  readonly coversMs: number;
  /** How much of that the video played, ms. */
  readonly playedMs: number;
  /** Media bytes received from peers and kept. */
  readonly peerBytes: number;
  /** Media bytes received from the edge, for whatever reason. */
  readonly edgeBytes: number;
  /** Of these: fetched on duty, to be passed on. */
  readonly dutyBytes: number;
  /** Of these: fetched in place of another viewer that did not do its duty. */
  readonly backupBytes: number;
  /** Of these: fetched when the segment was new, because uplinks do not carry the stream; 0 from viewers that do not say. */
  readonly earlyBytes: number;
  /** Of these: fetched because the playhead was near and peers were late. */
  readonly repairBytes: number;
  /** Media bytes sent to peers. */
  readonly uploadedBytes: number;
  /** Bytes received and thrown away: duplicates, aborted transfers, failed hashes. */
  readonly discardedBytes: number;
  /** Bytes that the exchange itself cost: everything between peers that is not media. */
  readonly controlBytes: number;
  /** Chunks whose hash did not match. */
  readonly rejectedChunks: number;
  /** How often playback stopped for want of data. */
  readonly stalls: number;
  /** How long it stood still, ms. */
  readonly stalledMs: number;
  /** Connected peers at the time of the report. */
  readonly connectedPeers: number;
  /** Whether it shared or played from the edge alone at the time of the report. */
  readonly mode: 'edge-only' | 'swarm';
  /** From the request for the playlist to the first frame, ms; once per playback. */
  readonly startupMs?: number | undefined;
  /** How far behind the live edge, ms; only for live streams. */
  readonly latencyMs?: number | undefined;
  /** Lines of the rendition that plays, when it has a picture. */
  readonly height?: number | undefined;
  /** What was exchanged with each peer: the other end's account of it must agree. */
  readonly links: readonly LinkReport[];
}

/** One peer's part in a report. */
export interface LinkReport {
  /** Its name, as the tracker introduced it. */
  readonly peer: string;
  /** Media bytes that came from it, kept or not: what the other end calls sent. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Round-trip time, ms, as the connection measures it. */
  readonly rttMs?: number | undefined;
  readonly connection?: ConnectionKind | undefined;
}

/** The farther end of the selected candidate pair (RFC 8445 §4): `relay` when either is relayed, `host` when both are not even translated. */
export const connectionKinds = ['host', 'prflx', 'srflx', 'relay'] as const;
export type ConnectionKind = (typeof connectionKinds)[number];

/** 8K, upright. */
export const MAX_HEIGHT = 8192;
const ONE_DAY_MS = 86_400_000;
const MAX_LINKS = 64;
const MAX_STALLS = 100_000;
const MAX_CONNECTED_PEERS = 10_000;

type Counters = { readonly [Name in Exclude<keyof PlaybackReport, OtherFields>]: number };
type OtherFields = 'mode' | 'startupMs' | 'latencyMs' | 'height' | 'links';

/** A tracker reads one of these per viewer and minute, of a dozen links each: fields are read by name, and nothing is copied. */
export function parsePlaybackReport(given: JsonObject): PlaybackReport | undefined {
  const counted = parseCounters(given);
  const mode = asOneOf(given.mode, ['edge-only', 'swarm']);
  const links = parseLinks(given.links);
  if (!counted || !mode || !links) return undefined;
  const startupMs = parseOptional(given.startupMs, ONE_DAY_MS);
  const latencyMs = parseOptional(given.latencyMs, ONE_DAY_MS);
  const height = parseOptional(given.height, MAX_HEIGHT);
  if (startupMs === 'wrong' || latencyMs === 'wrong' || height === 'wrong') return undefined;
  const report: Writable<PlaybackReport> = { ...counted, mode, links };
  if (startupMs !== undefined) report.startupMs = startupMs;
  if (latencyMs !== undefined) report.latencyMs = latencyMs;
  if (height !== undefined) report.height = height;
  return report;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

function parseCounters(given: JsonObject): Counters | undefined {
  const counted: Counters = {
    coversMs: asCounter(given.coversMs, ONE_DAY_MS),
    playedMs: asCounter(given.playedMs, ONE_DAY_MS),
    peerBytes: asCounter(given.peerBytes, MAX_COUNTER),
    edgeBytes: asCounter(given.edgeBytes, MAX_COUNTER),
    dutyBytes: asCounter(given.dutyBytes, MAX_COUNTER),
    backupBytes: asCounter(given.backupBytes, MAX_COUNTER),
    earlyBytes: asCounter(given.earlyBytes ?? 0, MAX_COUNTER),
    repairBytes: asCounter(given.repairBytes, MAX_COUNTER),
    uploadedBytes: asCounter(given.uploadedBytes, MAX_COUNTER),
    discardedBytes: asCounter(given.discardedBytes, MAX_COUNTER),
    controlBytes: asCounter(given.controlBytes, MAX_COUNTER),
    rejectedChunks: asCounter(given.rejectedChunks, MAX_COUNTER),
    stalls: asCounter(given.stalls, MAX_STALLS),
    stalledMs: asCounter(given.stalledMs, ONE_DAY_MS),
    connectedPeers: asCounter(given.connectedPeers, MAX_CONNECTED_PEERS),
  };
  // A sum with `NaN` in it is none.
  let sum = 0;
  for (const name in counted) sum += counted[name as keyof Counters];
  return Number.isNaN(sum) ? undefined : counted;
}

/** `NaN` for what is none: one look at the end is enough. */
function asCounter(value: unknown, max: number): number {
  return asCount(value, max) ?? Number.NaN;
}

function parseOptional(value: unknown, max: number): number | undefined | 'wrong' {
  return value === undefined ? undefined : (asCount(value, max) ?? 'wrong');
}

/** Of the first so many; one that is wrong makes all of them wrong. */
function parseLinks(value: unknown): LinkReport[] | undefined {
  if (!Array.isArray(value)) return [];
  const links: LinkReport[] = [];
  for (let index = 0; index < value.length && index < MAX_LINKS; index++) {
    const link = parseLink(value[index]);
    if (!link) return undefined;
    links.push(link);
  }
  return links;
}

function parseLink(value: unknown): LinkReport | undefined {
  const given = asObject(value);
  const peer = asText(given?.peer, MAX_VIEWER_ID_LENGTH);
  const receivedBytes = asCount(given?.receivedBytes, MAX_COUNTER);
  const sentBytes = asCount(given?.sentBytes, MAX_COUNTER);
  const rttMs = parseOptional(given?.rttMs, ONE_DAY_MS);
  if (peer === undefined || receivedBytes === undefined || sentBytes === undefined || rttMs === 'wrong')
    return undefined;
  // A kind that a later version knows is none that this one can count.
  const connection = asOneOf(given?.connection, connectionKinds);
  const link: Writable<LinkReport> = { peer, receivedBytes, sentBytes };
  if (rttMs !== undefined) link.rttMs = rttMs;
  if (connection !== undefined) link.connection = connection;
  return link;
}

export type PlaybackCounter = Exclude<keyof Counters, 'coversMs' | 'connectedPeers'>;

/** What a session counts from its beginning, of which reports have the deltas. */
export const nothingCounted: Readonly<Record<PlaybackCounter, number>> = {
  playedMs: 0,
  peerBytes: 0,
  edgeBytes: 0,
  dutyBytes: 0,
  backupBytes: 0,
  earlyBytes: 0,
  repairBytes: 0,
  uploadedBytes: 0,
  discardedBytes: 0,
  controlBytes: 0,
  rejectedChunks: 0,
  stalls: 0,
  stalledMs: 0,
};

/** A report in which nothing happened, for those who fill in only what did. */
export const emptyReport: PlaybackReport = {
  ...nothingCounted,
  coversMs: 0,
  connectedPeers: 0,
  mode: 'edge-only',
  links: [],
};
