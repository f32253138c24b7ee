import { SHORT_KEY_BYTES } from './identity.ts';
import { MAX_CHUNKS } from './manifest.ts';
import {
  type ChunkRun,
  type GoodbyeReason,
  goodbyeReasons,
  MAX_PEER_MESSAGE_BYTES,
  type PeerFrame,
  PIECE_BYTES,
  PIECE_HEADER_BYTES,
  type Piece,
  type RefuseReason,
  refuseReasons,
} from './peer-wire.ts';
import { SegmentKeyNames, u16At, u32At } from './segment-key-names.ts';

/**
 * Frames as bytes: type (1) · length of the body (2) · body. A message is a run of frames. Decoding never throws: an
 * unknown type is skipped, a body that does not fit its type spoils the message ([P9]).
 */

const codes = {
  hello: 1,
  segment: 2,
  manifest: 3,
  'want-manifest': 4,
  have: 5,
  fetching: 6,
  drop: 7,
  window: 8,
  request: 9,
  refuse: 10,
  cancel: 11,
  ack: 12,
  ping: 13,
  pong: 14,
  goodbye: 15,
  wish: 16,
  offer: 17,
} as const satisfies Record<PeerFrame['type'], number>;

const HEADER_BYTES = 3;
const MAX_PATH_BYTES = 2048;
const MAX_RUNS = 64;
const ACK_TIME_BYTES = 4;
const MAX_MS = 0xffff;

const names = new SegmentKeyNames();

class Writer {
  readonly #bytes = new Uint8Array(MAX_PEER_MESSAGE_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  length = 0;

  u8(value: number): void {
    this.#view.setUint8(this.length, value);
    this.length += 1;
  }

  u16(value: number): void {
    this.#view.setUint16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  f64(value: number): void {
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  key(key: string): void {
    this.bytes(names.keyOf(key));
  }

  patchU16(at: number, value: number): void {
    this.#view.setUint16(at, value);
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}

/** One for all: encoding is synchronous, and messages are copied out. */
const writer = new Writer();

/** @returns as many messages as the frames need: usually one */
export function encodeFrames(frames: readonly PeerFrame[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const frame of frames) {
    if (writer.length + maxFrameBytes(frame) > MAX_PEER_MESSAGE_BYTES) messages.push(writer.take());
    const at = writer.length;
    writer.u8(codes[frame.type]);
    writer.u16(0);
    writeBody(frame);
    writer.patchU16(at + 1, writer.length - at - HEADER_BYTES);
  }
  if (writer.length > 0) messages.push(writer.take());
  return messages;
}

function maxFrameBytes(frame: PeerFrame): number {
  switch (frame.type) {
    case 'manifest':
      return HEADER_BYTES + frame.manifest.length;
    case 'segment':
      return HEADER_BYTES + 64 + MAX_PATH_BYTES;
    default:
      return HEADER_BYTES + 32 + 8 * MAX_RUNS;
  }
}

function writeBody(frame: PeerFrame): void {
  switch (frame.type) {
    case 'hello':
      writer.u8(frame.version);
      writer.u8(frame.upload ? 1 : 0);
      break;
    case 'segment':
      writeSegment(frame);
      break;
    case 'manifest':
      writer.bytes(frame.manifest);
      break;
    case 'want-manifest':
    case 'drop':
      writer.key(frame.key);
      break;
    case 'have':
    case 'fetching':
      writer.key(frame.key);
      for (const { first, count } of frame.runs) {
        writer.u8(first);
        writer.u8(count);
      }
      break;
    case 'window':
      writer.u32(frame.rendition);
      writer.f64(frame.from);
      writer.f64(frame.to);
      break;
    case 'request':
      writer.key(frame.key);
      writer.u8(frame.chunk);
      writer.u16(clampMs(frame.withinMs));
      break;
    case 'refuse':
      writer.key(frame.key);
      writer.u8(frame.chunk);
      writer.u8(refuseReasons.indexOf(frame.because));
      writer.u16(clampMs(frame.retryAfterMs));
      break;
    case 'cancel':
    case 'offer':
      writer.key(frame.key);
      writer.u8(frame.chunk);
      break;
    case 'wish':
      writer.key(frame.key);
      writer.u16(clampMs(frame.withinMs));
      break;
    case 'ack':
      writer.u32(frame.arrivedAtMs);
      for (const { first, count } of frame.runs) {
        writer.u32(first);
        writer.u16(count);
      }
      break;
    case 'ping':
    case 'pong':
      writer.u16(frame.id);
      break;
    case 'goodbye':
      writer.u8(goodbyeReasons.indexOf(frame.because));
      break;
  }
}

function writeSegment({
  key,
  rendition,
  sequence,
  durationMs,
  path,
  range,
}: Extract<PeerFrame, { type: 'segment' }>): void {
  writer.key(key);
  writer.u32(rendition);
  writer.u32(sequence);
  writer.u32(durationMs);
  writer.u8(range ? 1 : 0);
  if (range) {
    writer.f64(range.start);
    writer.f64(range.end);
  }
  writer.bytes(new TextEncoder().encode(path).subarray(0, MAX_PATH_BYTES));
}

function clampMs(ms: number): number {
  return Math.max(0, Math.min(MAX_MS, Math.round(ms)));
}

/** @returns the frames of a message, or nothing when any of it is malformed */
export function decodeFrames(message: Uint8Array): PeerFrame[] | undefined {
  if (message.length > MAX_PEER_MESSAGE_BYTES) return undefined;
  const frames: PeerFrame[] = [];
  let at = 0;
  while (at < message.length) {
    if (at + HEADER_BYTES > message.length) return undefined;
    const read = readers[message[at] as number];
    const bodyAt = at + HEADER_BYTES;
    at = bodyAt + u16At(message, at + 1);
    if (at > message.length) return undefined;
    if (!read) continue;
    const frame = read(message, bodyAt, at);
    if (!frame) return undefined;
    frames.push(frame);
  }
  return frames;
}

/** Reads the body from `at` up to `end`, the end not included. */
type Reader = (message: Uint8Array, at: number, end: number) => PeerFrame | undefined;

const readers: Readonly<Record<number, Reader>> = {
  [codes.hello]: (message, at, end) =>
    end - at >= 2 ? { type: 'hello', version: message[at] as number, upload: message[at + 1] === 1 } : undefined,
  [codes.segment]: readSegment,
  [codes.manifest]: (message, at, end) => ({ type: 'manifest', manifest: message.slice(at, end) }),
  [codes['want-manifest']]: (message, at, end) => readKeyed('want-manifest', message, at, end),
  [codes.drop]: (message, at, end) => readKeyed('drop', message, at, end),
  [codes.have]: (message, at, end) => readRuns('have', message, at, end),
  [codes.fetching]: (message, at, end) => readRuns('fetching', message, at, end),
  [codes.window]: (message, at, end) => {
    if (end - at !== 20) return undefined;
    const view = viewOf(message, at, end);
    const [from, to] = [view.getFloat64(4), view.getFloat64(12)];
    return from <= to ? { type: 'window', rendition: view.getUint32(0), from, to } : undefined;
  },
  [codes.request]: (message, at, end) => {
    if (end - at !== SHORT_KEY_BYTES + 3) return undefined;
    const chunk = message[at + SHORT_KEY_BYTES] as number;
    const withinMs = u16At(message, at + SHORT_KEY_BYTES + 1);
    return chunk < MAX_CHUNKS ? { type: 'request', key: names.read(message, at), chunk, withinMs } : undefined;
  },
  [codes.refuse]: (message, at, end) => {
    if (end - at !== SHORT_KEY_BYTES + 4) return undefined;
    const chunk = message[at + SHORT_KEY_BYTES] as number;
    const because: RefuseReason | undefined = refuseReasons[message[at + SHORT_KEY_BYTES + 1] as number];
    const retryAfterMs = u16At(message, at + SHORT_KEY_BYTES + 2);
    return because ? { type: 'refuse', key: names.read(message, at), chunk, because, retryAfterMs } : undefined;
  },
  [codes.cancel]: (message, at, end) => readChunk('cancel', message, at, end),
  [codes.offer]: (message, at, end) => readChunk('offer', message, at, end),
  [codes.wish]: (message, at, end) =>
    end - at === SHORT_KEY_BYTES + 2
      ? { type: 'wish', key: names.read(message, at), withinMs: u16At(message, at + SHORT_KEY_BYTES) }
      : undefined,
  [codes.ack]: readAck,
  [codes.ping]: (message, at, end) => (end - at === 2 ? { type: 'ping', id: u16At(message, at) } : undefined),
  [codes.pong]: (message, at, end) => (end - at === 2 ? { type: 'pong', id: u16At(message, at) } : undefined),
  [codes.goodbye]: (message, at, end) => {
    const because: GoodbyeReason | undefined = end - at === 1 ? goodbyeReasons[message[at] as number] : undefined;
    return because ? { type: 'goodbye', because } : undefined;
  },
};

function viewOf(message: Uint8Array, at: number, end: number): DataView {
  return new DataView(message.buffer, message.byteOffset + at, end - at);
}

function readKeyed(
  type: 'want-manifest' | 'drop',
  message: Uint8Array,
  at: number,
  end: number,
): PeerFrame | undefined {
  return end - at === SHORT_KEY_BYTES ? { type, key: names.read(message, at) } : undefined;
}

function readChunk(type: 'cancel' | 'offer', message: Uint8Array, at: number, end: number): PeerFrame | undefined {
  const chunk = message[at + SHORT_KEY_BYTES] as number;
  const isOne = end - at === SHORT_KEY_BYTES + 1 && chunk < MAX_CHUNKS;
  return isOne ? { type, key: names.read(message, at), chunk } : undefined;
}

function readRuns(type: 'have' | 'fetching', message: Uint8Array, at: number, end: number): PeerFrame | undefined {
  const runsAt = at + SHORT_KEY_BYTES;
  const runBytes = end - runsAt;
  if (runBytes <= 0 || runBytes % 2 !== 0 || runBytes / 2 > MAX_RUNS) return undefined;
  const runs: ChunkRun[] = [];
  for (let runAt = runsAt; runAt < end; runAt += 2) {
    const first = message[runAt] as number;
    const count = message[runAt + 1] as number;
    if (count === 0 || first + count > MAX_CHUNKS) return undefined;
    runs.push({ first, count });
  }
  return { type, key: names.read(message, at), runs };
}

function readAck(message: Uint8Array, at: number, end: number): PeerFrame | undefined {
  const runsAt = at + ACK_TIME_BYTES;
  const length = end - runsAt;
  if (length <= 0 || length % 6 !== 0 || length / 6 > MAX_RUNS) return undefined;
  const runs: ChunkRun[] = [];
  for (let runAt = runsAt; runAt < end; runAt += 6) {
    const count = u16At(message, runAt + 4);
    if (count === 0) return undefined;
    runs.push({ first: u32At(message, runAt), count });
  }
  return { type: 'ack', arrivedAtMs: u32At(message, at), runs };
}

function readSegment(message: Uint8Array, at: number, end: number): PeerFrame | undefined {
  const rangeAt = at + SHORT_KEY_BYTES + 13;
  const hasRange = message[rangeAt - 1] === 1;
  const pathAt = rangeAt + (hasRange ? 16 : 0);
  if (end <= pathAt || end > pathAt + MAX_PATH_BYTES) return undefined;
  const view = viewOf(message, at, end);
  const path = new TextDecoder().decode(message.subarray(pathAt, end));
  if (!path.startsWith('/')) return undefined;
  const segment: PeerFrame = {
    type: 'segment',
    key: names.read(message, at),
    rendition: view.getUint32(SHORT_KEY_BYTES),
    sequence: view.getUint32(SHORT_KEY_BYTES + 4),
    durationMs: view.getUint32(SHORT_KEY_BYTES + 8),
    path,
  };
  if (!hasRange) return segment;
  const range = { start: view.getFloat64(rangeAt - at), end: view.getFloat64(rangeAt - at + 8) };
  const isRange = Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end);
  return isRange && range.start >= 0 && range.end > range.start ? { ...segment, range } : undefined;
}

export function encodePiece({ id, key, chunk, offset, queueMs, bytes }: Piece): Uint8Array {
  writer.u32(id);
  writer.key(key);
  writer.u8(chunk);
  writer.u32(offset);
  writer.u16(clampMs(queueMs));
  writer.bytes(bytes);
  return writer.take();
}

/** Its `bytes` are a view of the message. `undefined` for whatever is no piece. */
export function decodePiece(message: Uint8Array): Piece | undefined {
  const size = message.length - PIECE_HEADER_BYTES;
  if (size <= 0 || size > PIECE_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const chunk = view.getUint8(4 + SHORT_KEY_BYTES);
  const offset = view.getUint32(5 + SHORT_KEY_BYTES);
  if (chunk >= MAX_CHUNKS) return undefined;
  return {
    id: view.getUint32(0),
    key: names.read(message, 4),
    chunk,
    offset,
    queueMs: view.getUint16(9 + SHORT_KEY_BYTES),
    bytes: message.subarray(PIECE_HEADER_BYTES),
  };
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
