import { isUtf8 } from 'node:buffer';
import { LONG, MEDIUM, MOST_SHORT_BYTES, PING, PONG, WHOLE_TEXT } from './frame-format.ts';

/** In the second byte: what a client sends is masked (RFC 6455 §5.1). */
const MASKED = 0x80;
const MASK_BYTES = 4;

export interface FrameReceiver {
  text(text: string): void;
  pong(): void;
  /** A whole ping, as it came. */
  ping(frame: Buffer): void;
  /** From here on comes what is read elsewhere: fragments, binary, a close, whatever is wrong. Nothing follows. */
  rest(bytes: Buffer): void;
}

/**
 * Reads what players send nearly always: text messages, each in one frame. Each is unmasked and decoded where it is, without the two
 * streams that a library's receiver is (docs/decisions/0072). All else is handed on as it came, so that only what is valid is read here.
 */
export class ClientFrames {
  readonly #receiver: FrameReceiver;
  readonly #maxPayloadBytes: number;
  readonly #scratch: Scratch;
  /** The beginning of a frame, and how much of it must be there before it is looked at again. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  #neededBytes = 0;
  #isDone = false;

  /** @param maxPayloadBytes longer messages are read elsewhere; the scratch must have room for one */
  constructor(maxPayloadBytes: number, scratch: Scratch, receiver: FrameReceiver) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#scratch = scratch;
    this.#receiver = receiver;
  }

  push(chunk: Buffer): void {
    const bytes = this.#held ? this.#join(this.#held, chunk) : chunk;
    if (!bytes) return;
    let at = 0;
    while (at < bytes.length && !this.#isDone) {
      const frameBytes = this.#frameBytesAt(bytes, at);
      if (frameBytes === 'other') {
        this.#handOn(bytes, at);
        return;
      }
      if (at + frameBytes > bytes.length) {
        this.#hold(bytes.subarray(at), frameBytes);
        return;
      }
      this.#read(bytes, at, frameBytes);
      at += frameBytes;
    }
  }

  /** @returns how many bytes the frame has, or its header while that is not all there */
  #frameBytesAt(bytes: Buffer, at: number): number | 'other' {
    if (at + 2 > bytes.length) return 2;
    const opening = bytes[at];
    const masked = (bytes[at + 1] as number) & MASKED;
    const length = (bytes[at + 1] as number) & ~MASKED;
    const isControl = opening === PING || opening === PONG;
    if (masked === 0 || !(opening === WHOLE_TEXT || (isControl && length <= MOST_SHORT_BYTES))) return 'other';
    const headerBytes = headerBytesOf(length);
    if (at + headerBytes > bytes.length) return headerBytes;
    const payloadBytes = payloadBytesAt(bytes, at);
    return payloadBytes > this.#maxPayloadBytes ? 'other' : headerBytes + payloadBytes;
  }

  #read(bytes: Buffer, at: number, frameBytes: number): void {
    if (bytes[at] === PONG) {
      this.#receiver.pong();
      return;
    }
    if (bytes[at] === PING) {
      this.#receiver.ping(bytes.subarray(at, at + frameBytes));
      return;
    }
    const headerBytes = headerBytesOf((bytes[at + 1] as number) & ~MASKED);
    const text = this.#scratch.unmasked(bytes, at + headerBytes, at + frameBytes);
    if (text === undefined) this.#handOn(bytes, at);
    else this.#receiver.text(text);
  }

  #handOn(bytes: Buffer, at: number): void {
    this.#isDone = true;
    this.#receiver.rest(bytes.subarray(at));
  }

  /** Copied, for a few bytes must not keep what came with them; with room for more, but no more than as much again. */
  #hold(begun: Buffer, neededBytes: number): void {
    this.#held = Buffer.allocUnsafeSlow(Math.min(neededBytes, 2 * begun.length));
    begun.copy(this.#held);
    this.#heldBytes = begun.length;
    this.#neededBytes = neededBytes;
  }

  /** @returns all that there is, when it is enough */
  #join(held: Buffer, chunk: Buffer): Buffer | undefined {
    const bytes = this.#heldBytes + chunk.length;
    if (bytes >= this.#neededBytes) {
      this.#held = undefined;
      return Buffer.concat([held.subarray(0, this.#heldBytes), chunk]);
    }
    if (bytes > held.length) {
      this.#held = Buffer.allocUnsafeSlow(Math.min(this.#neededBytes, 2 * bytes));
      held.copy(this.#held, 0, 0, this.#heldBytes);
    }
    chunk.copy(this.#held as Buffer, this.#heldBytes);
    this.#heldBytes = bytes;
    return undefined;
  }
}

/** Where payloads are unmasked, four bytes at a time: one after the other for all connections. */
export class Scratch {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  /** @param maxBytes of one payload */
  constructor(maxBytes: number) {
    const memory = new ArrayBuffer(Math.ceil(maxBytes / 4) * 4);
    this.#bytes = Buffer.from(memory);
    this.#words = new Int32Array(memory);
  }

  /** @param from where the payload begins, after its mask @returns undefined for what is not UTF-8 */
  unmasked(bytes: Buffer, from: number, to: number): string | undefined {
    const length = to - from;
    const words = this.#words;
    const last = Math.ceil(length / 4) - 1;
    bytes.copy(this.#bytes, 0, from, to);
    // The mask's bytes in the order in which they are in memory, as the payload's are.
    bytes.copy(MASK_AS_BYTES, 0, from - MASK_BYTES, from);
    const mask = MASK_AS_WORD[0] as number;
    let seen = 0;
    for (let index = 0; index <= last; index++) {
      const word = (words[index] as number) ^ mask;
      words[index] = word;
      seen |= word;
    }
    // What follows the payload in its last word may be anything: then it is looked at more closely.
    if ((seen & HIGH_BITS) === 0) return this.#bytes.toString('latin1', 0, length);
    return isUtf8(this.#bytes.subarray(0, length)) ? this.#bytes.toString('utf8', 0, length) : undefined;
  }
}

/** Of a word: set in one of its bytes where that is not ASCII. */
const HIGH_BITS = 0x80808080 | 0;
const MASK_AS_BYTES = Buffer.alloc(MASK_BYTES);
const MASK_AS_WORD = new Int32Array(MASK_AS_BYTES.buffer, MASK_AS_BYTES.byteOffset, 1);

function headerBytesOf(length: number): number {
  if (length < MEDIUM) return 2 + MASK_BYTES;
  return (length === MEDIUM ? 4 : 10) + MASK_BYTES;
}

function payloadBytesAt(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & ~MASKED;
  if (length < MEDIUM) return length;
  return length < LONG ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}
