import {
  MAX_BITS_PER_SECOND,
  MAX_CANDIDATE_LENGTH,
  MAX_ICE_SERVERS,
  MAX_KEYS,
  MAX_SDP_LENGTH,
  MAX_SIGNALLING_BYTES,
  MAX_SWARM_ID_LENGTH,
  MAX_TOKEN_LENGTH,
  MAX_VIEWER_ID_LENGTH,
  MAX_WANTED_PEERS,
} from './limits.ts';
import {
  asBoolean,
  asCount,
  asList,
  asNumber,
  asObject,
  asOneOf,
  asText,
  type JsonObject,
  parseJsonObject,
} from './parse.ts';
import { type PlaybackReport, parsePlaybackReport } from './playback-report.ts';

const ONE_HOUR_MS = 3_600_000;

/** Viewer → tracker, in the Nearcast dialect. SPEC.md has the rules ([S…]). */
export type ViewerMessage =
  | {
      readonly type: 'join';
      /** The content, not one rendition of it. */
      readonly swarm: string;
      /** Which engine moves the bytes; a viewer of the other engine reports here but meets its peers elsewhere. */
      readonly engine: 'swarm' | 'p2p-media-loader' | 'webtorrent';
      /** Whether this viewer may send to peers. */
      readonly upload: boolean;
      readonly token?: string;
    }
  /** What it can do for others has changed: [S9]. */
  | { readonly type: 'update'; readonly upload: boolean; readonly dutyBitsPerSecond: number }
  /** [S10] A fresh token, before the one that was shown runs out. */
  | { readonly type: 'renew'; readonly token: string }
  /** It could do with so many more neighbours. */
  | { readonly type: 'want'; readonly peers: number }
  /** It is not, or no longer, connected to a viewer that it was introduced to. */
  | { readonly type: 'unlink'; readonly peer: string; readonly because: UnlinkReason }
  | { readonly type: 'signal'; readonly to: string; readonly signal: Signal }
  | { readonly type: 'report'; readonly report: PlaybackReport }
  | { readonly type: 'leave' };

/** `failed`: no connection came about. `closed`: it ended. `rejected`: the peer misbehaved. `replaced`: another is better. */
export const unlinkReasons = ['failed', 'closed', 'rejected', 'replaced'] as const;
export type UnlinkReason = (typeof unlinkReasons)[number];

/** What two viewers tell each other until they are connected: RTCSessionDescriptionInit, or a trickled candidate. */
export type Signal =
  | { readonly description: { readonly type: 'offer' | 'answer'; readonly sdp: string } }
  /** An empty candidate ends the trickle (RFC 8838 §14). */
  | { readonly candidate: { readonly candidate: string; readonly sdpMid?: string; readonly sdpMLineIndex?: number } };

/** How near an introduced viewer is, as far as the tracker knows. */
export const nearnesses = ['lan', 'network', 'region', 'far'] as const;
export type Nearness = (typeof nearnesses)[number];

/** A part of the ring [0, 1): from `start` on, `width` wide, over 1 and on from 0 if need be. */
export interface Arc {
  readonly start: number;
  readonly width: number;
}

/** A public key that manifests may be signed with (RFC 7517; P-256). */
export interface ManifestJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** As in RTCConfiguration. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Tracker → viewer. */
export type TrackerMessage =
  | {
      readonly type: 'welcome';
      /** This viewer's name towards peers: random, valid for this connection. */
      readonly viewer: string;
      /** How often the tracker wants a report, ms. */
      readonly reportEveryMs: number;
      /** Viewers in the swarm, this one included. */
      readonly viewers: number;
      /** What manifests are signed with. */
      readonly keys: readonly ManifestJwk[];
      readonly iceServers: readonly IceServer[];
      /** [S10] For how long the token lets this viewer stay, ms; absent when nobody asked for one. */
      readonly tokenExpiresInMs?: number;
    }
  /** [S10] For how long this viewer may stay now, ms; as before, and why, when the fresh token was not taken. */
  | { readonly type: 'renewed'; readonly tokenExpiresInMs: number; readonly problem?: string }
  /** Connect to this viewer; whoever is to `initiate` makes the offer. */
  | { readonly type: 'introduce'; readonly peer: string; readonly initiate: boolean; readonly nearness: Nearness }
  | { readonly type: 'signal'; readonly from: string; readonly signal: Signal }
  /** [S8] This viewer's share of the fetching; `null` when it has none. */
  | { readonly type: 'duty'; readonly arc: Arc | null }
  | { readonly type: 'error'; readonly reason: TrackerErrorReason; readonly message: string }
  /** This swarm must not share any more: leave all peers. */
  | { readonly type: 'blocked' }
  /** This tracker is going away: come back after this time, ms, spread so that not all come at once. */
  | { readonly type: 'reconnect'; readonly afterMs: number }
  /** [S2] A message of a later minor version: to be skipped. */
  | { readonly type: 'unknown' };

export const trackerErrorReasons = ['malformed', 'not-joined', 'too-many', 'unauthorised', 'no-such-swarm'] as const;
export type TrackerErrorReason = (typeof trackerErrorReasons)[number];

/** [S1] Whatever is not a message of this version is `undefined`, never an exception. */
export function parseViewerMessage(text: string): ViewerMessage | undefined {
  if (text.length > MAX_SIGNALLING_BYTES) return undefined;
  const given = parseJsonObject(text);
  switch (given?.type) {
    case 'join':
      return parseJoin(given);
    case 'update':
      return parseUpdate(given);
    case 'renew': {
      const token = asText(given.token, MAX_TOKEN_LENGTH);
      return token === undefined ? undefined : { type: 'renew', token };
    }
    case 'want': {
      const peers = asCount(given.peers, MAX_WANTED_PEERS);
      return peers === undefined ? undefined : { type: 'want', peers };
    }
    case 'unlink': {
      const peer = asText(given.peer, MAX_VIEWER_ID_LENGTH);
      const because = asOneOf(given.because, unlinkReasons);
      return peer !== undefined && because ? { type: 'unlink', peer, because } : undefined;
    }
    case 'signal': {
      const to = asText(given.to, MAX_VIEWER_ID_LENGTH);
      const signal = parseSignal(given.signal);
      return to !== undefined && signal ? { type: 'signal', to, signal } : undefined;
    }
    case 'report': {
      const fields = asObject(given.report);
      const report = fields && parsePlaybackReport(fields);
      return report && { type: 'report', report };
    }
    case 'leave':
      return { type: 'leave' };
    default:
      return undefined;
  }
}

function parseJoin(given: JsonObject): ViewerMessage | undefined {
  const swarm = asText(given.swarm, MAX_SWARM_ID_LENGTH);
  const engine = asOneOf(given.engine, ['swarm', 'p2p-media-loader', 'webtorrent']);
  const upload = asBoolean(given.upload);
  if (swarm === undefined || engine === undefined || upload === undefined) return undefined;
  const join = { type: 'join', swarm, engine, upload } as const;
  if (given.token === undefined) return join;
  const token = asText(given.token, MAX_TOKEN_LENGTH);
  return token === undefined ? undefined : { ...join, token };
}

function parseUpdate(given: JsonObject): ViewerMessage | undefined {
  const upload = asBoolean(given.upload);
  const dutyBitsPerSecond = asNumber(given.dutyBitsPerSecond, MAX_BITS_PER_SECOND);
  if (upload === undefined || dutyBitsPerSecond === undefined) return undefined;
  return { type: 'update', upload, dutyBitsPerSecond };
}

/** Copied field by field: what a viewer sends to another has only what the contract names. */
function parseSignal(value: unknown): Signal | undefined {
  const given = asObject(value);
  const description = asObject(given?.description);
  if (description) {
    const type = asOneOf(description.type, ['offer', 'answer']);
    const sdp = asText(description.sdp, MAX_SDP_LENGTH);
    return type && sdp !== undefined ? { description: { type, sdp } } : undefined;
  }
  const trickled = asObject(given?.candidate);
  const candidate = trickled?.candidate;
  if (typeof candidate !== 'string' || candidate.length > MAX_CANDIDATE_LENGTH) return undefined;
  const sdpMid = asText(trickled?.sdpMid, 32);
  const sdpMLineIndex = asCount(trickled?.sdpMLineIndex, 64);
  return {
    candidate: {
      candidate,
      ...(sdpMid === undefined ? {} : { sdpMid }),
      ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
    },
  };
}

/** The viewer's side of [S1] and [S2]. */
export function parseTrackerMessage(text: string): TrackerMessage | undefined {
  const given = parseJsonObject(text);
  const type = given?.type;
  if (!given || typeof type !== 'string') return undefined;
  return Object.hasOwn(trackerMessageParsers, type) ? trackerMessageParsers[type]?.(given) : { type: 'unknown' };
}

const trackerMessageParsers: Readonly<Record<string, (given: JsonObject) => TrackerMessage | undefined>> = {
  welcome: parseWelcome,
  renewed(given) {
    const tokenExpiresInMs = asNumber(given.tokenExpiresInMs, Number.MAX_SAFE_INTEGER);
    const problem = asText(given.problem, 500);
    if (tokenExpiresInMs === undefined) return undefined;
    return { type: 'renewed', tokenExpiresInMs, ...(problem === undefined ? {} : { problem }) };
  },
  introduce(given) {
    const peer = asText(given.peer, MAX_VIEWER_ID_LENGTH);
    const initiate = asBoolean(given.initiate);
    const nearness = asOneOf(given.nearness, nearnesses) ?? 'far';
    return peer !== undefined && initiate !== undefined ? { type: 'introduce', peer, initiate, nearness } : undefined;
  },
  signal(given) {
    const from = asText(given.from, MAX_VIEWER_ID_LENGTH);
    const signal = parseSignal(given.signal);
    return from !== undefined && signal ? { type: 'signal', from, signal } : undefined;
  },
  duty(given) {
    if (given.arc === null) return { type: 'duty', arc: null };
    const arc = asObject(given.arc);
    const start = asNumber(arc?.start, 1);
    const width = asNumber(arc?.width, 1);
    return start !== undefined && width !== undefined ? { type: 'duty', arc: { start, width } } : undefined;
  },
  error(given) {
    const reason = asOneOf(given.reason, trackerErrorReasons);
    return reason && { type: 'error', reason, message: asText(given.message, 500) ?? reason };
  },
  blocked: () => ({ type: 'blocked' }),
  reconnect(given) {
    const afterMs = asNumber(given.afterMs, ONE_HOUR_MS);
    return afterMs === undefined ? undefined : { type: 'reconnect', afterMs };
  },
};

function parseWelcome(given: JsonObject): TrackerMessage | undefined {
  const viewer = asText(given.viewer, MAX_VIEWER_ID_LENGTH);
  const reportEveryMs = asNumber(given.reportEveryMs, ONE_HOUR_MS);
  const viewers = asCount(given.viewers, Number.MAX_SAFE_INTEGER);
  if (viewer === undefined || reportEveryMs === undefined || viewers === undefined) return undefined;
  const tokenExpiresInMs = asNumber(given.tokenExpiresInMs, Number.MAX_SAFE_INTEGER);
  return {
    type: 'welcome',
    viewer,
    reportEveryMs,
    viewers,
    keys: asList(given.keys, MAX_KEYS).flatMap((key) => parseManifestJwk(key) ?? []),
    iceServers: asList(given.iceServers, MAX_ICE_SERVERS).flatMap((server) => parseIceServer(server) ?? []),
    ...(tokenExpiresInMs === undefined ? {} : { tokenExpiresInMs }),
  };
}

export function parseManifestJwk(value: unknown): ManifestJwk | undefined {
  const given = asObject(value);
  const x = asText(given?.x, 43);
  const y = asText(given?.y, 43);
  if (given?.kty !== 'EC' || given.crv !== 'P-256' || x === undefined || y === undefined) return undefined;
  return { kty: 'EC', crv: 'P-256', x, y };
}

function parseIceServer(value: unknown): IceServer | undefined {
  const given = asObject(value);
  const urls = asList(given?.urls, 8).flatMap((url) => asText(url, 256) ?? []);
  if (urls.length === 0) return undefined;
  const username = asText(given?.username, 512);
  const credential = asText(given?.credential, 512);
  return { urls, ...(username === undefined || credential === undefined ? {} : { username, credential }) };
}
