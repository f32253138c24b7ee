import { FieldWalk } from './field-walk.ts';
import type { ByteRange } from './identity.ts';
import { KeyNumbers } from './key-numbers.ts';
import { MAX_CHUNKS } from './manifest.ts';
import {
  type ChunkRun,
  goodbyeReasons,
  MAX_PEER_MESSAGE_BYTES,
  type PeerFrame,
  PIECE_BYTES,
  type Piece,
  refuseReasons,
} from './peer-wire.ts';

/**
 * Frames as bytes: type (1) · length of the body (2) · body. A message is a run of frames. Decoding never throws: an
 * unknown type is skipped, a body that does not fit its type spoils the message ([P9]).
 */

const HEADER_BYTES = 3;
const MAX_RUNS = 64;
const MAX_MS = 0xffff;

type Type = PeerFrame['type'];
type Body<T extends Type> = Omit<Extract<PeerFrame, { type: T }>, 'type'>;
/** What a body consists of, field by field. */
type Layout<B> = (walk: FieldWalk, given: Partial<B>) => B;

const ofSegment: Layout<Body<'drop'>> = (walk, { key }) => ({ key: walk.key(key) });
const ofChunk: Layout<Body<'cancel'>> = (walk, { key, chunk }) => ({
  key: walk.key(key),
  chunk: chunkField(walk, chunk),
});
const ofChunks: Layout<Body<'have'>> = (walk, { key, runs }) => ({
  key: walk.key(key),
  runs: runsField(walk, runs, (run) => {
    const [first, count] = [walk.u8(run?.first), walk.u8(run?.count)];
    walk.must(first + count <= MAX_CHUNKS);
    return { first, count };
  }),
});
const numbered: Layout<Body<'ping'>> = (walk, { id }) => ({ id: walk.u16(id) });

/** In the order of their codes, which count from 1. */
const layouts: { readonly [T in Type]: Layout<Body<T>> } = {
  hello(walk, { version, upload }) {
    const hello = { version: walk.u8(version), upload: walk.u8(upload === undefined ? upload : Number(upload)) === 1 };
    // A later minor version may say more.
    if (walk.left > 0) walk.rest();
    return hello;
  },
  segment: (walk, { key, rendition, sequence, durationMs, range, path }) => ({
    key: walk.key(key),
    rendition: walk.u32(rendition),
    sequence: walk.u32(sequence),
    durationMs: walk.u32(durationMs),
    ...rangeField(walk, path === undefined ? undefined : Number(range !== undefined), range),
    path: pathField(walk, path),
  }),
  manifest: (walk, { manifest }) => ({ manifest: walk.rest(manifest).slice() }),
  'want-manifest': ofSegment,
  have: ofChunks,
  fetching: ofChunks,
  drop: ofSegment,
  window(walk, given) {
    const [rendition, from, to] = [walk.u32(given.rendition), walk.f64(given.from), walk.f64(given.to)];
    walk.must(from <= to);
    return { rendition, from, to };
  },
  request: (walk, given) => ({ ...ofChunk(walk, given), withinMs: msField(walk, given.withinMs) }),
  refuse: (walk, given) => ({
    ...ofChunk(walk, given),
    because: wordField(walk, refuseReasons, given.because),
    retryAfterMs: msField(walk, given.retryAfterMs),
  }),
  cancel: ofChunk,
  ack: (walk, { arrivedAtMs, runs }) => ({
    arrivedAtMs: walk.u32(arrivedAtMs),
    runs: runsField(walk, runs, (run) => ({ first: walk.u32(run?.first), count: walk.u16(run?.count) })),
  }),
  ping: numbered,
  pong: numbered,
  goodbye: (walk, { because }) => ({ because: wordField(walk, goodbyeReasons, because) }),
};

const types = Object.keys(layouts) as readonly Type[];

const piece: Layout<Piece> = (walk, { id, key, chunk, offset, queueMs, bytes }) => ({
  id: walk.u32(id),
  // By the number that it was asked for with: `data` is not in order with what gives numbers.
  key: walk.key(key, false),
  chunk: chunkField(walk, chunk),
  offset: walk.u32(offset),
  queueMs: msField(walk, queueMs),
  bytes: walk.rest(bytes),
});

function chunkField(walk: FieldWalk, given: number | undefined): number {
  const chunk = walk.u8(given);
  walk.must(chunk < MAX_CHUNKS);
  return chunk;
}

function msField(walk: FieldWalk, given: number | undefined): number {
  return walk.u16(given && Math.max(0, Math.min(MAX_MS, Math.round(given))));
}

function wordField<T extends string>(walk: FieldWalk, words: readonly T[], given: T | undefined): T {
  const word = words[walk.u8(given && words.indexOf(given))];
  walk.must(word !== undefined);
  return word as T;
}

function runsField(
  walk: FieldWalk,
  given: readonly ChunkRun[] = [],
  runField: (run?: ChunkRun) => ChunkRun,
): readonly ChunkRun[] {
  const runs = given.map((run) => runField(run));
  while (walk.left > 0) runs.push(runField());
  walk.must(runs.length > 0 && runs.length <= MAX_RUNS && runs.every(({ count }) => count > 0));
  return runs;
}

/** @param given 1 when there is one, 0 for a segment that is a file of its own */
function rangeField(walk: FieldWalk, given: number | undefined, range?: ByteRange): Pick<Body<'segment'>, 'range'> {
  if (walk.u8(given) === 0) return {};
  const [start, end] = [walk.f64(range?.start), walk.f64(range?.end)];
  walk.must(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start);
  return { range: { start, end } };
}

function pathField(walk: FieldWalk, given: string | undefined): string {
  const path = walk.path(given);
  walk.must(path.startsWith('/'));
  return path;
}

/** One for all: encoding is synchronous. Larger than a message, for the frame that is one too many. */
const buffer = new Uint8Array(2 * MAX_PEER_MESSAGE_BYTES);

/**
 * @param numbers those that this end has given; without them the messages stand for themselves
 * @returns as many messages as the frames need: usually one
 */
export function encodeFrames(frames: readonly PeerFrame[], numbers: KeyNumbers = new KeyNumbers()): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const walk = new FieldWalk(buffer, numbers);
  let end = 0;
  for (const frame of frames) {
    walk.goTo(end + HEADER_BYTES);
    layouts[frame.type](walk, frame as never);
    const bodyEnd = walk.at;
    walk.goTo(end);
    walk.u8(types.indexOf(frame.type) + 1);
    walk.u16(bodyEnd - end - HEADER_BYTES);
    if (bodyEnd > MAX_PEER_MESSAGE_BYTES) {
      messages.push(buffer.slice(0, end));
      buffer.copyWithin(0, end, bodyEnd);
      end = bodyEnd - end;
    } else end = bodyEnd;
  }
  if (end > 0) messages.push(buffer.slice(0, end));
  return messages;
}

/**
 * @param numbers those that the other end has given
 * @returns the frames of a message, or nothing when any of it is malformed
 */
export function decodeFrames(message: Uint8Array, numbers: KeyNumbers = new KeyNumbers()): PeerFrame[] | undefined {
  if (message.length > MAX_PEER_MESSAGE_BYTES) return undefined;
  const frames: PeerFrame[] = [];
  const walk = new FieldWalk(message, numbers);
  while (walk.at < message.length) {
    const type = types[walk.u8() - 1];
    const bodyBytes = walk.u16();
    const end = walk.at + bodyBytes;
    // A header that is cut short says nothing that is a number.
    if (!(end <= message.length)) return undefined;
    walk.goTo(walk.at, end);
    const frame = type && ({ type, ...layouts[type](walk, {}) } as PeerFrame);
    if (frame && !walk.isSound) return undefined;
    if (frame) frames.push(frame);
    walk.goTo(end, end);
  }
  return frames;
}

/**
 * @param asked the numbers that the receiver has given
 * @returns a view of what the next call overwrites: a piece is handed over at once, and a buffer for each would be garbage
 */
export function encodePiece(given: Piece, asked: KeyNumbers = new KeyNumbers()): Uint8Array {
  const walk = new FieldWalk(buffer, asked);
  piece(walk, given);
  return buffer.subarray(0, walk.at);
}

/**
 * Its `bytes` are a view of the message. `undefined` for whatever is no piece.
 * @param asked the numbers that this end has given
 */
export function decodePiece(message: Uint8Array, asked: KeyNumbers = new KeyNumbers()): Piece | undefined {
  const walk = new FieldWalk(message, asked, 0, message.length);
  const read = piece(walk, {});
  return walk.isSound && read.bytes.length > 0 && read.bytes.length <= PIECE_BYTES ? read : undefined;
}

/** Sorted, distinct numbers as runs. */
export function runsOf(numbers: readonly number[]): ChunkRun[] {
  const runs: { first: number; count: number }[] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last.first + last.count === number) last.count += 1;
    else runs.push({ first: number, count: 1 });
  }
  return runs;
}
