import { MAX_SIGNALLING_BYTES, MAX_SWARM_ID_LENGTH, MAX_TOKEN_LENGTH } from './limits.ts';
import { asBoolean, asObject, asOneOf, asText, type JsonObject, parseJsonObject } from './parse.ts';
import { type PlaybackReport, parsePlaybackReport } from './playback-report.ts';

/** Viewer → tracker, in the Nearcast dialect. SPEC.md has the rules ([S…]). */
export type ViewerMessage =
  | {
      readonly type: 'join';
      /** The content, not one rendition of it. */
      readonly swarm: string;
      /** Which engine moves the bytes; a viewer of the other engine reports here but meets its peers elsewhere. */
      readonly engine: 'swarm' | 'p2p-media-loader';
      /** Whether this viewer may send to peers. */
      readonly upload: boolean;
      readonly token?: string;
    }
  | { readonly type: 'report'; readonly report: PlaybackReport }
  | { readonly type: 'leave' };

/** Tracker → viewer. */
export type TrackerMessage =
  | {
      readonly type: 'welcome';
      /** This viewer's name towards peers: random, valid for this connection. */
      readonly viewer: string;
      /** How often the tracker wants a report, ms. */
      readonly reportEveryMs: number;
    }
  | { readonly type: 'error'; readonly reason: TrackerErrorReason; readonly message: string }
  /** This tracker is going away: come back after this time, ms, spread so that not all come at once. */
  | { readonly type: 'reconnect'; readonly afterMs: number }
  /** [S2] A message of a later minor version: to be skipped. */
  | { readonly type: 'unknown' };

export const trackerErrorReasons = ['malformed', 'not-joined', 'too-many', 'too-large'] as const;
export type TrackerErrorReason = (typeof trackerErrorReasons)[number];

/** [S1] Whatever is not a message of this version is `undefined`, never an exception. */
export function parseViewerMessage(text: string): ViewerMessage | undefined {
  if (text.length > MAX_SIGNALLING_BYTES) return undefined;
  const given = parseJsonObject(text);
  switch (given?.type) {
    case 'join':
      return parseJoin(given);
    case 'report':
      return parseReport(given);
    case 'leave':
      return { type: 'leave' };
    default:
      return undefined;
  }
}

function parseJoin(given: JsonObject): ViewerMessage | undefined {
  const swarm = asText(given.swarm, MAX_SWARM_ID_LENGTH);
  const engine = asOneOf(given.engine, ['swarm', 'p2p-media-loader']);
  const upload = asBoolean(given.upload);
  if (swarm === undefined || engine === undefined || upload === undefined) return undefined;
  const join = { type: 'join', swarm, engine, upload } as const;
  if (given.token === undefined) return join;
  const token = asText(given.token, MAX_TOKEN_LENGTH);
  return token === undefined ? undefined : { ...join, token };
}

function parseReport(given: JsonObject): ViewerMessage | undefined {
  const fields = asObject(given.report);
  const report = fields && parsePlaybackReport(fields);
  return report && { type: 'report', report };
}

/** The viewer's side of [S1] and [S2]. */
export function parseTrackerMessage(text: string): TrackerMessage | undefined {
  const given = parseJsonObject(text);
  switch (given?.type) {
    case 'welcome': {
      const viewer = asText(given.viewer, 64);
      const reportEveryMs = asInterval(given.reportEveryMs);
      return viewer !== undefined && reportEveryMs !== undefined
        ? { type: 'welcome', viewer, reportEveryMs }
        : undefined;
    }
    case 'error': {
      const reason = asOneOf(given.reason, trackerErrorReasons);
      return reason && { type: 'error', reason, message: asText(given.message, 500) ?? reason };
    }
    case 'reconnect': {
      const afterMs = asInterval(given.afterMs);
      return afterMs === undefined ? undefined : { type: 'reconnect', afterMs };
    }
    case 'unknown':
      return undefined;
    default:
      return typeof given?.type === 'string' ? { type: 'unknown' } : undefined;
  }
}

function asInterval(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 3_600_000 ? value : undefined;
}
