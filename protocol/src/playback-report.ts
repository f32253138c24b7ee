import { MAX_COUNTER, MAX_VIEWER_ID_LENGTH } from './limits.ts';
import { asCount, asList, asObject, asOneOf, asText, type JsonObject } from './parse.ts';

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
  readonly startupMs?: number;
  /** How far behind the live edge, ms; only for live streams. */
  readonly latencyMs?: number;
  /** Lines of the rendition that plays, when it has a picture. */
  readonly height?: number;
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
  readonly rttMs?: number;
  readonly connection?: ConnectionKind;
}

/** The farther end of the selected candidate pair (RFC 8445 §4): `relay` when either is relayed, `host` when both are not even translated. */
export const connectionKinds = ['host', 'prflx', 'srflx', 'relay'] as const;
export type ConnectionKind = (typeof connectionKinds)[number];

/** 8K, upright. */
export const MAX_HEIGHT = 8192;
const ONE_DAY_MS = 86_400_000;
const MAX_LINKS = 64;

const counters = {
  coversMs: ONE_DAY_MS,
  playedMs: ONE_DAY_MS,
  peerBytes: MAX_COUNTER,
  edgeBytes: MAX_COUNTER,
  dutyBytes: MAX_COUNTER,
  backupBytes: MAX_COUNTER,
  repairBytes: MAX_COUNTER,
  uploadedBytes: MAX_COUNTER,
  discardedBytes: MAX_COUNTER,
  controlBytes: MAX_COUNTER,
  rejectedChunks: MAX_COUNTER,
  stalls: 100_000,
  stalledMs: ONE_DAY_MS,
  connectedPeers: 10_000,
} as const satisfies Partial<Record<keyof PlaybackReport, number>>;

type Counters = { readonly [Name in keyof typeof counters]: number };

export function parsePlaybackReport(given: JsonObject): PlaybackReport | undefined {
  const counted = parseCounters(given);
  const mode = asOneOf(given.mode, ['edge-only', 'swarm']);
  const links = asList(given.links, MAX_LINKS).map(parseLink);
  if (!counted || !mode || !links.every((link) => link !== undefined)) return undefined;
  const startupMs = parseOptional(given.startupMs, ONE_DAY_MS);
  const latencyMs = parseOptional(given.latencyMs, ONE_DAY_MS);
  const height = parseOptional(given.height, MAX_HEIGHT);
  if (startupMs === 'wrong' || latencyMs === 'wrong' || height === 'wrong') return undefined;
  return {
    ...counted,
    mode,
    links,
    ...(startupMs === undefined ? {} : { startupMs }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(height === undefined ? {} : { height }),
  };
}

function parseCounters(given: JsonObject): Counters | undefined {
  const counted: Record<string, number> = {};
  for (const [name, max] of Object.entries(counters)) {
    const count = asCount(given[name], max);
    if (count === undefined) return undefined;
    counted[name] = count;
  }
  return counted as Counters;
}

function parseOptional(value: unknown, max: number): number | undefined | 'wrong' {
  return value === undefined ? undefined : (asCount(value, max) ?? 'wrong');
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
  return {
    peer,
    receivedBytes,
    sentBytes,
    ...(rttMs === undefined ? {} : { rttMs }),
    ...(connection === undefined ? {} : { connection }),
  };
}

/** A report in which nothing happened, for those who fill in only what did. */
export const emptyReport: PlaybackReport = {
  coversMs: 0,
  playedMs: 0,
  peerBytes: 0,
  edgeBytes: 0,
  dutyBytes: 0,
  backupBytes: 0,
  repairBytes: 0,
  uploadedBytes: 0,
  discardedBytes: 0,
  controlBytes: 0,
  rejectedChunks: 0,
  stalls: 0,
  stalledMs: 0,
  connectedPeers: 0,
  mode: 'edge-only',
  links: [],
};
