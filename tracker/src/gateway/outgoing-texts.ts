import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { mostFrameBytes, writeTextFrames } from './text-frames.ts';

/** More than a newcomer is told at once. */
const SHARED_BYTES = 64 * 1024;

/**
 * What is to be sent within one turn of the event loop goes to each socket in one write: a newcomer hears of all its
 * neighbours at once. Writes are what a tracker's processor time goes into, and `ws` makes one of two parts for each message
 * (docs/decisions/0024).
 */
export class OutgoingTexts {
  #waiting: TextWriter[] = [];
  #shared = Buffer.allocUnsafeSlow(SHARED_BYTES);

  /** @param stream what the socket writes to: without compression it writes its own frames at once and whole, too */
  writerTo(socket: WebSocket, stream: Duplex): TextWriter {
    return new TextWriter(socket, stream, this);
  }

  flushSoon(writer: TextWriter): void {
    if (this.#waiting.push(writer) === 1) setImmediate(() => this.#flush());
  }

  write(texts: readonly string[], stream: Duplex): void {
    const most = mostFrameBytes(texts);
    const frames = most > SHARED_BYTES ? Buffer.allocUnsafeSlow(most) : this.#shared;
    stream.write(frames.subarray(0, writeTextFrames(texts, frames)));
    // Nearly always the kernel has taken it all by now, and the memory can serve again.
    if (frames === this.#shared && stream.writableLength > 0) this.#shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  }

  #flush(): void {
    const writers = this.#waiting;
    this.#waiting = [];
    for (const writer of writers) writer.flush();
  }
}

export class TextWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #outgoing: OutgoingTexts;
  #texts: string[] = [];
  #characters = 0;

  constructor(socket: WebSocket, stream: Duplex, outgoing: OutgoingTexts) {
    this.#socket = socket;
    this.#stream = stream;
    this.#outgoing = outgoing;
  }

  /** What the other end has not taken yet, bytes; of what was added in this turn only the characters are counted. */
  get backlogBytes(): number {
    return this.#stream.writableLength + this.#characters;
  }

  add(text: string): void {
    this.#characters += text.length;
    if (this.#texts.push(text) === 1) this.#outgoing.flushSoon(this);
  }

  /** Writes what waits; nothing may follow a close frame (RFC 6455 §5.5.1). */
  flush(): void {
    const texts = this.#texts;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#characters = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#outgoing.write(texts, this.#stream);
  }
}
