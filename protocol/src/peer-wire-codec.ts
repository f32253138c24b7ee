import { bytesOfHex, hexOf, SEGMENT_KEY_BYTES } from './identity.ts';
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
} as const satisfies Record<PeerFrame['type'], number>;

const HEADER_BYTES = 3;
const MAX_PATH_BYTES = 2048;
const MAX_RUNS = 64;
const ACK_TIME_BYTES = 4;
const MAX_MS = 0xffff;

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
    for (let index = 0; index < 2 * SEGMENT_KEY_BYTES; index += 2) {
      this.u8(Number.parseInt(key.slice(index, index + 2), 16));
    }
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
      writer.key(frame.key);
      writer.u8(frame.chunk);
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
  writer.f64(range ? range.start : -1);
  writer.f64(range ? range.end : -1);
  writer.bytes(new TextEncoder().encode(path).subarray(0, MAX_PATH_BYTES));
}

function clampMs(ms: number): number {
  return Math.max(0, Math.min(MAX_MS, Math.round(ms)));
}

/** @returns the frames of a message, or nothing when any of it is malformed */
export function decodeFrames(message: Uint8Array): PeerFrame[] | undefined {
  if (message.length > MAX_PEER_MESSAGE_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const frames: PeerFrame[] = [];
  let at = 0;
  while (at < message.length) {
    if (at + HEADER_BYTES > message.length) return undefined;
    const code = view.getUint8(at);
    const length = view.getUint16(at + 1);
    const bodyAt = at + HEADER_BYTES;
    at = bodyAt + length;
    if (at > message.length) return undefined;
    const read = readers[code];
    if (!read) continue;
    const body = message.subarray(bodyAt, at);
    const frame = read(body, new DataView(body.buffer, body.byteOffset, body.byteLength));
    if (!frame) return undefined;
    frames.push(frame);
  }
  return frames;
}

type Reader = (body: Uint8Array, view: DataView) => PeerFrame | undefined;

const readers: Readonly<Record<number, Reader>> = {
  [codes.hello]: (body, view) =>
    body.length >= 2 ? { type: 'hello', version: view.getUint8(0), upload: view.getUint8(1) === 1 } : undefined,
  [codes.segment]: readSegment,
  [codes.manifest]: (body) => ({ type: 'manifest', manifest: body.slice() }),
  [codes['want-manifest']]: (body) => readKeyed('want-manifest', body),
  [codes.drop]: (body) => readKeyed('drop', body),
  [codes.have]: (body) => readRuns('have', body),
  [codes.fetching]: (body) => readRuns('fetching', body),
  [codes.window]: (body, view) => {
    if (body.length !== 20) return undefined;
    const [from, to] = [view.getFloat64(4), view.getFloat64(12)];
    return from <= to ? { type: 'window', rendition: view.getUint32(0), from, to } : undefined;
  },
  [codes.request]: (body, view) => {
    if (body.length !== SEGMENT_KEY_BYTES + 3) return undefined;
    const chunk = view.getUint8(SEGMENT_KEY_BYTES);
    const withinMs = view.getUint16(SEGMENT_KEY_BYTES + 1);
    return chunk < MAX_CHUNKS ? { type: 'request', key: readKey(body), chunk, withinMs } : undefined;
  },
  [codes.refuse]: (body, view) => {
    if (body.length !== SEGMENT_KEY_BYTES + 4) return undefined;
    const chunk = view.getUint8(SEGMENT_KEY_BYTES);
    const because: RefuseReason | undefined = refuseReasons[view.getUint8(SEGMENT_KEY_BYTES + 1)];
    const retryAfterMs = view.getUint16(SEGMENT_KEY_BYTES + 2);
    return because ? { type: 'refuse', key: readKey(body), chunk, because, retryAfterMs } : undefined;
  },
  [codes.cancel]: (body, view) => {
    if (body.length !== SEGMENT_KEY_BYTES + 1) return undefined;
    return { type: 'cancel', key: readKey(body), chunk: view.getUint8(SEGMENT_KEY_BYTES) };
  },
  [codes.ack]: readAck,
  [codes.ping]: (body, view) => (body.length === 2 ? { type: 'ping', id: view.getUint16(0) } : undefined),
  [codes.pong]: (body, view) => (body.length === 2 ? { type: 'pong', id: view.getUint16(0) } : undefined),
  [codes.goodbye]: (body, view) => {
    const because: GoodbyeReason | undefined = body.length === 1 ? goodbyeReasons[view.getUint8(0)] : undefined;
    return because ? { type: 'goodbye', because } : undefined;
  },
};

function readKey(body: Uint8Array): string {
  return hexOf(body.subarray(0, SEGMENT_KEY_BYTES));
}

function readKeyed(type: 'want-manifest' | 'drop', body: Uint8Array): PeerFrame | undefined {
  return body.length === SEGMENT_KEY_BYTES ? { type, key: readKey(body) } : undefined;
}

function readRuns(type: 'have' | 'fetching', body: Uint8Array): PeerFrame | undefined {
  const runBytes = body.length - SEGMENT_KEY_BYTES;
  if (runBytes <= 0 || runBytes % 2 !== 0 || runBytes / 2 > MAX_RUNS) return undefined;
  const runs: ChunkRun[] = [];
  for (let at = SEGMENT_KEY_BYTES; at < body.length; at += 2) {
    const first = body[at] as number;
    const count = body[at + 1] as number;
    if (count === 0 || first + count > MAX_CHUNKS) return undefined;
    runs.push({ first, count });
  }
  return { type, key: readKey(body), runs };
}

function readAck(body: Uint8Array, view: DataView): PeerFrame | undefined {
  const runBytes = body.length - ACK_TIME_BYTES;
  if (runBytes <= 0 || runBytes % 6 !== 0 || runBytes / 6 > MAX_RUNS) return undefined;
  const runs: ChunkRun[] = [];
  for (let at = ACK_TIME_BYTES; at < body.length; at += 6) {
    const count = view.getUint16(at + 4);
    if (count === 0) return undefined;
    runs.push({ first: view.getUint32(at), count });
  }
  return { type: 'ack', arrivedAtMs: view.getUint32(0), runs };
}

function readSegment(body: Uint8Array, view: DataView): PeerFrame | undefined {
  const pathAt = SEGMENT_KEY_BYTES + 28;
  if (body.length <= pathAt || body.length > pathAt + MAX_PATH_BYTES) return undefined;
  const start = view.getFloat64(SEGMENT_KEY_BYTES + 12);
  const end = view.getFloat64(SEGMENT_KEY_BYTES + 20);
  const hasRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start;
  if (!hasRange && !(start === -1 && end === -1)) return undefined;
  const path = new TextDecoder().decode(body.subarray(pathAt));
  if (!path.startsWith('/')) return undefined;
  return {
    type: 'segment',
    key: readKey(body),
    rendition: view.getUint32(SEGMENT_KEY_BYTES),
    sequence: view.getUint32(SEGMENT_KEY_BYTES + 4),
    durationMs: view.getUint32(SEGMENT_KEY_BYTES + 8),
    path,
    ...(hasRange ? { range: { start, end } } : {}),
  };
}

export function encodePiece({ id, key, chunk, offset, queueMs, bytes }: Piece): Uint8Array {
  const message = new Uint8Array(PIECE_HEADER_BYTES + bytes.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, id);
  message.set(bytesOfHex(key), 4);
  view.setUint8(4 + SEGMENT_KEY_BYTES, chunk);
  view.setUint32(5 + SEGMENT_KEY_BYTES, offset);
  view.setUint16(9 + SEGMENT_KEY_BYTES, clampMs(queueMs));
  message.set(bytes, PIECE_HEADER_BYTES);
  return message;
}

/** Its `bytes` are a view of the message. `undefined` for whatever is no piece. */
export function decodePiece(message: Uint8Array): Piece | undefined {
  const size = message.length - PIECE_HEADER_BYTES;
  if (size <= 0 || size > PIECE_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const chunk = view.getUint8(4 + SEGMENT_KEY_BYTES);
  const offset = view.getUint32(5 + SEGMENT_KEY_BYTES);
  if (chunk >= MAX_CHUNKS) return undefined;
  return {
    id: view.getUint32(0),
    key: hexOf(message.subarray(4, 4 + SEGMENT_KEY_BYTES)),
    chunk,
    offset,
    queueMs: view.getUint16(9 + SEGMENT_KEY_BYTES),
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
