/** A client's side of RFC 6455 §5.2, as far as a load generator needs it: whole ASCII texts, pings, the close. */

const opcodes = { text: 0x81, close: 0x88, ping: 0x89, pong: 0x8a } as const;
const MASKED = 0x80;
/** Instead of a length: it follows in two bytes. A tracker's messages are never so long that it is eight. */
const MEDIUM = 126;
/** After the longest header: the payload begins on a word, so that it can be masked word by word. */
const PAYLOAD_AT = 8;

/** Masks and frames, in memory that is used again. */
export class FrameWriter {
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  readonly #mask: number;

  /** @param maxPayloadBytes a multiple of four @param mask of all its frames: any word but 0, with which servers spare themselves the unmasking */
  constructor(maxPayloadBytes: number, mask: number) {
    const memory = new ArrayBuffer(PAYLOAD_AT + maxPayloadBytes);
    this.#bytes = Buffer.from(memory);
    this.#words = new Int32Array(memory);
    this.#mask = mask;
  }

  /** @param text ASCII @returns the frame, until the next one is written */
  write(is: 'text' | 'pong' | 'close', text: string): Buffer {
    const bytes = this.#bytes;
    const words = this.#words;
    const isMedium = text.length >= MEDIUM;
    const from = isMedium ? 0 : 2;
    const to = PAYLOAD_AT + text.length;
    bytes.write(text, PAYLOAD_AT, 'latin1');
    words[1] = this.#mask;
    for (let index = 2; index < to / 4; index++) words[index] = (words[index] as number) ^ this.#mask;
    bytes[from] = opcodes[is];
    bytes[from + 1] = MASKED | (isMedium ? MEDIUM : text.length);
    if (isMedium) bytes.writeUInt16BE(text.length, 2);
    return bytes.subarray(from, to);
  }
}

export interface FrameListener {
  text(text: string): void;
  ping(): void;
  /** A close, or what no tracker says. */
  end(): void;
}

/** Reads what a server sends. */
export class FrameReader {
  readonly #listener: FrameListener;
  #held: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    const bytes = this.#held ? Buffer.concat([this.#held, chunk]) : chunk;
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1] as number;
      const payloadAt = at + (short === MEDIUM ? 4 : 2);
      if (payloadAt > bytes.length) break;
      const end = payloadAt + (short === MEDIUM ? bytes.readUInt16BE(at + 2) : short);
      if (end > bytes.length) break;
      this.#read(bytes[at] as number, bytes, payloadAt, end);
      at = end;
    }
    this.#held = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
  }

  #read(opcode: number, bytes: Buffer, from: number, to: number): void {
    if (opcode === opcodes.text) this.#listener.text(bytes.toString('latin1', from, to));
    else if (opcode === opcodes.ping) this.#listener.ping();
    else this.#listener.end();
  }
}
