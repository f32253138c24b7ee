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
} from './peer-wire.ts';

/**
 * Frames as bytes: type and length of the body (1 or 3) · body. A message is a run of frames. Decoding never throws: an
 * unknown type is skipped, a body that does not fit its type spoils the message ([P9]).
 */

const MAX_HEADER_BYTES = 3;
/** [P1] One byte with type and length, of bodies that are shorter than this. */
const SHORT = 128;
const SHORT_BYTES = 8;
const MAX_MS = 0xffff;
/** [P16] */
const WAIT_UNIT_MS = 32;
const MAX_WAIT_UNITS = 0x7ff;
/** For what counts from 1970, or lies in a large file. The end of a range is a safe integer then. */
const MAX_LONG = 2 ** 52 - 1;

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
  runs: runsField(walk, MAX_CHUNKS, runs),
});
const numbered: Layout<Body<'ping'>> = (walk, { id }) => ({ id: walk.u16(id) });

/** In the order of their codes, which count from 1. */
const layouts: { readonly [T in Type]: Layout<Body<T>> } = {
  hello(walk, { version, upload }) {
    const hello = { version: walk.u8(version), upload: walk.u8(upload === undefined ? upload : Number(upload)) === 1 };
    // A later minor version may say more.
    walk.rest();
    return hello;
  },
  segment: (walk, { key, rendition, sequence, durationMs, range, path }) => ({
    key: walk.key(key),
    rendition: walk.u32(rendition),
    sequence: walk.varint(sequence, MAX_LONG),
    durationMs: walk.varint(durationMs),
    range: rangeField(walk, path === undefined ? path : range ? range.end - range.start : 0, range?.start),
    path: pathField(walk, path),
  }),
  manifest: (walk, { manifest }) => ({ manifest: walk.rest(manifest).slice() }),
  'want-manifest': ofSegment,
  have: ofChunks,
  fetching: ofChunks,
  drop: ofSegment,
  window(walk, given) {
    const rendition = walk.u32(given.rendition);
    const [from, to] = [secondsField(walk, given.from), secondsField(walk, given.to)];
    walk.must(from <= to);
    return { rendition, from, to };
  },
  request: (walk, given) => ({ ...ofChunk(walk, given), withinMs: waitField(walk, given.withinMs) }),
  refuse: (walk, given) => ({ ...ofChunk(walk, given), retryAfterMs: waitField(walk, given.retryAfterMs) }),
  cancel: ofChunk,
  ack: (walk, { arrivedAtMs, runs }) => ({
    arrivedAtMs: walk.u16(arrivedAtMs),
    runs: runsField(walk, Number.POSITIVE_INFINITY, runs),
  }),
  ping: numbered,
  pong: numbered,
  goodbye: (walk, { because }) => ({ because: wordField(walk, goodbyeReasons, because) }),
};

const types = Object.keys(layouts) as readonly Type[];

const piece: Layout<Piece> = (walk, { id, key, chunk, offset, queueMs, bytes }) => ({
  id: walk.varint(id),
  // By the number that it was asked for with: `data` is not in order with what gives numbers.
  key: walk.key(key, false),
  chunk: chunkField(walk, chunk),
  offset: walk.varint(offset),
  queueMs: walk.varint(queueMs, MAX_MS),
  bytes: walk.rest(bytes),
});

function chunkField(walk: FieldWalk, given: number | undefined): number {
  const chunk = walk.u8(given);
  walk.must(chunk < MAX_CHUNKS);
  return chunk;
}

/** A position, in ms. */
function secondsField(walk: FieldWalk, given: number | undefined): number {
  return walk.varint(given && 1000 * given, MAX_LONG) / 1000;
}

function waitField(walk: FieldWalk, givenMs: number | undefined): number {
  return WAIT_UNIT_MS * walk.varint(givenMs && givenMs / WAIT_UNIT_MS, MAX_WAIT_UNITS);
}

function wordField<T extends string>(walk: FieldWalk, words: readonly T[], given: T | undefined): T {
  const word = words[walk.u8(given && words.indexOf(given))];
  walk.must(word !== undefined);
  return word as T;
}

/** @param end of what is counted: no run goes beyond */
function runsField(walk: FieldWalk, end: number, given: readonly ChunkRun[] = []): readonly ChunkRun[] {
  const runField = ({ first, count }: Partial<ChunkRun>) => ({ first: walk.varint(first), count: walk.varint(count) });
  const runs = given.map(runField);
  while (walk.left > 0) runs.push(runField({}));
  walk.must(runs.length > 0 && runs.every(({ first, count }) => count > 0 && first + count <= end));
  return runs;
}

/** @param givenBytes how long it is, 0 for a segment that is a file of its own */
function rangeField(walk: FieldWalk, givenBytes?: number, givenStart?: number): ByteRange | undefined {
  const bytes = walk.varint(givenBytes);
  if (bytes === 0) return undefined;
  const start = walk.varint(givenStart, MAX_LONG);
  return { start, end: start + bytes };
}

function pathField(walk: FieldWalk, given: string | undefined): string {
  const path = walk.path(given);
  walk.must(path.startsWith('/'));
  return path;
}

/** One for all: encoding is synchronous. Messages stand in its first half, and what goes into them next in the second. */
const buffer = new Uint8Array(2 * MAX_PEER_MESSAGE_BYTES);

/**
 * @param numbers those that this end has given; without them the messages stand for themselves
 * @returns as many messages as the frames need: usually one
 */
export function encodeFrames(frames: readonly PeerFrame[], numbers: KeyNumbers = new KeyNumbers()): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const walk = new FieldWalk(buffer, numbers);
  let end = 0;
  const endMessage = () => {
    if (end > 0) messages.push(buffer.slice(0, end));
    end = 0;
  };
  for (const frame of frames) {
    walk.at = MAX_PEER_MESSAGE_BYTES;
    layouts[frame.type](walk, frame as never);
    const body = buffer.subarray(MAX_PEER_MESSAGE_BYTES, walk.at);
    if (end + MAX_HEADER_BYTES + body.length > MAX_PEER_MESSAGE_BYTES) endMessage();
    walk.at = end;
    const code = types.indexOf(frame.type) + 1;
    // [P4] What ends of different versions say to each other stays as it is.
    const isShort = code > 1 && code < 13 && body.length < SHORT_BYTES;
    walk.u8(isShort ? SHORT + SHORT_BYTES * code + body.length : code);
    if (!isShort) walk.u16(body.length);
    walk.rest(body);
    end = walk.at;
  }
  endMessage();
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
    const head = walk.u8();
    const [code, bodyBytes] = head < SHORT ? [head, walk.u16()] : [(head - SHORT) >> 3, head % SHORT_BYTES];
    const end = walk.at + bodyBytes;
    const type = types[code - 1];
    // A header that is cut short says nothing that is a number.
    if (!(end <= message.length)) return undefined;
    walk.end = end;
    if (type) {
      frames.push({ type, ...layouts[type](walk, {}) } as PeerFrame);
      if (!walk.isSound) return undefined;
    }
    walk.at = end;
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
  const walk = new FieldWalk(message, asked, message.length);
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
