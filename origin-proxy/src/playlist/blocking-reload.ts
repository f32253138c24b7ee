import type { MediaPlaylist } from './read-playlist.ts';

/** The low-latency directives of a playlist request: RFC 8216bis §6.2.5.2. */
export interface Directives {
  /** _HLS_msn: answer when the playlist has this segment … */
  readonly sequence: number;
  /** _HLS_part: … or this part of it. */
  readonly part?: number;
}

export type Judgement =
  /** What is known already has what the client waits for. */
  | { readonly is: 'there' }
  /** The origin will answer once it has. */
  | { readonly is: 'wait'; readonly withinMs: number }
  /** No server may answer this well. */
  | { readonly is: 'refused'; readonly why: string };

/** How long to wait when nothing is known of the stream yet: three times a long target duration. */
const UNKNOWN_WAIT_MS = 45_000;

/**
 * What to do with a blocking reload, given the newest playlist that was seen and how long ago that was. The RFC's bounds
 * keep clients from making the origin hold connections open for what will not come for long; they can be judged only
 * while what was seen is still the end of the stream.
 */
export function judgeBlockingReload(
  { sequence, part }: Directives,
  newest: MediaPlaylist | undefined,
  seenSecondsAgo: number,
): Judgement {
  if (!newest) return { is: 'wait', withinMs: UNKNOWN_WAIT_MS };
  // "If the playlist contains EXT-X-ENDLIST the server must ignore the directives."
  if (newest.hasEnded || isThere(sequence, part, newest)) return { is: 'there' };
  const wait: Judgement = { is: 'wait', withinMs: 3 * newest.targetSeconds * 1000 };
  if (seenSecondsAgo > newest.targetSeconds / 2) return wait;
  if (sequence > newest.lastSequence + 2) return { is: 'refused', why: 'that segment is too far ahead' };
  const limit = advancePartLimit(newest.partTargetSeconds);
  const isNext = sequence === newest.lastSequence + 1;
  if (part !== undefined && isNext && part > newest.lastPart + limit) {
    return { is: 'refused', why: 'that part is too far ahead' };
  }
  return wait;
}

function isThere(sequence: number, part: number | undefined, newest: MediaPlaylist): boolean {
  if (sequence <= newest.lastSequence) return true;
  return part !== undefined && sequence === newest.lastSequence + 1 && part <= newest.lastPart;
}

/** "3 if the Part Target Duration is at least 1 second, otherwise 3 divided by it": three seconds' worth of parts. */
function advancePartLimit(partTargetSeconds: number | undefined): number {
  return partTargetSeconds === undefined || partTargetSeconds >= 1 ? 3 : 3 / partTargetSeconds;
}
