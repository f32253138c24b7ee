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
import { asBoolean, asCount, asNumber, asObject, asOneOf, asText, type JsonObject, parseJsonObject } from './parse.ts';
import { type PlaybackReport, parsePlaybackReport } from './playback-report.ts';
import { listOf, type Parser, shape } from './shape.ts';

/** [S9] What a viewer is taken to be able to pass on until it says so, bit/s. */
export const UNTOLD_DUTY_BITS_PER_SECOND = 500_000;

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

const asPeer: Parser<string> = (value) => asText(value, MAX_VIEWER_ID_LENGTH);
const asDurationMs: Parser<number> = (value) => asNumber(value, Number.MAX_SAFE_INTEGER);
const asSoonMs: Parser<number> = (value) => asNumber(value, ONE_HOUR_MS);
const asShare: Parser<number> = (value) => asNumber(value, 1);
const asSentence: Parser<string> = (value) => asText(value, 500);
const asCredential: Parser<string> = (value) => asText(value, 512);
const asCoordinate: Parser<string> = (value) => asText(value, 43);

/** Copied field by field: what a viewer sends to another has only what the contract names. */
function parseDescription(value: unknown): Signal | undefined {
  const given = asObject(asObject(value)?.description);
  const type = asOneOf(given?.type, ['offer', 'answer']);
  const sdp = asText(given?.sdp, MAX_SDP_LENGTH);
  return type && sdp !== undefined ? { description: { type, sdp } } : undefined;
}

const parseCandidate = shape<Extract<Signal, { candidate: unknown }>>({
  candidate: shape(
    { candidate: (value) => (value === '' ? value : asText(value, MAX_CANDIDATE_LENGTH)) },
    { sdpMid: (value) => asText(value, 32), sdpMLineIndex: (value) => asCount(value, 64) },
  ),
});

const parseSignal: Parser<Signal> = (value) => parseDescription(value) ?? parseCandidate(value);

const parseArc = shape<Arc>({ start: asShare, width: asShare });

export const parseManifestJwk: Parser<ManifestJwk> = shape<ManifestJwk>({
  kty: (value) => asOneOf(value, ['EC']),
  crv: (value) => asOneOf(value, ['P-256']),
  x: asCoordinate,
  y: asCoordinate,
});

const asUrls = listOf((value) => asText(value, 256), 8);

const parseIceServer = shape<IceServer>(
  {
    urls(value) {
      const urls = asUrls(value);
      return urls?.length ? urls : undefined;
    },
  },
  { username: asCredential, credential: asCredential },
);

/** The viewer's side of [S1] and [S2]. */
export function parseTrackerMessage(text: string): TrackerMessage | undefined {
  const given = parseJsonObject(text);
  const type = given?.type;
  if (typeof type !== 'string') return undefined;
  if (!Object.hasOwn(trackerMessages, type)) return { type: 'unknown' };
  const message = trackerMessages[type as keyof typeof trackerMessages](given);
  return message && ({ type, ...message } as TrackerMessage);
}

type Contents<T> = Omit<Extract<TrackerMessage, { type: T }>, 'type'>;

const trackerMessages: {
  readonly [T in Exclude<TrackerMessage['type'], 'unknown'>]: Parser<Contents<T>>;
} = {
  welcome: shape<Contents<'welcome'>>(
    {
      viewer: asPeer,
      reportEveryMs: asSoonMs,
      viewers: (value) => asCount(value, Number.MAX_SAFE_INTEGER),
      keys: listOf(parseManifestJwk, MAX_KEYS),
      iceServers: listOf(parseIceServer, MAX_ICE_SERVERS),
    },
    { tokenExpiresInMs: asDurationMs },
  ),
  renewed: shape<Contents<'renewed'>>({ tokenExpiresInMs: asDurationMs }, { problem: asSentence }),
  introduce: shape<Contents<'introduce'>>({
    peer: asPeer,
    initiate: asBoolean,
    nearness: (value) => asOneOf(value, nearnesses) ?? 'far',
  }),
  signal: shape<Contents<'signal'>>({ from: asPeer, signal: parseSignal }),
  duty: shape<Contents<'duty'>>({ arc: (value) => (value === null ? value : parseArc(value)) }),
  error(value) {
    const given = asObject(value);
    const reason = asOneOf(given?.reason, trackerErrorReasons);
    return reason && { reason, message: asSentence(given?.message) ?? reason };
  },
  blocked: () => ({}),
  reconnect: shape<Contents<'reconnect'>>({ afterMs: asSoonMs }),
};
