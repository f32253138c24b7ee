import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { textFrames } from './text-frames.ts';

/**
 * What is to be sent within one turn of the event loop goes to each socket in one write: a newcomer hears of all its
 * neighbours at once. Writes are what a tracker's processor time goes into, and `ws` makes one of two parts for each message
 * (docs/decisions/0024).
 */
export class OutgoingTexts {
  #waiting: TextWriter[] = [];

  /** @param stream what the socket writes to: without compression it writes its own frames at once and whole, too */
  writerTo(socket: WebSocket, stream: Duplex): TextWriter {
    return new TextWriter(socket, stream, (writer) => {
      if (this.#waiting.push(writer) === 1) setImmediate(() => this.#flush());
    });
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
  readonly #wantsFlush: (writer: TextWriter) => void;
  #texts: string[] = [];
  #characters = 0;

  constructor(socket: WebSocket, stream: Duplex, wantsFlush: (writer: TextWriter) => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#wantsFlush = wantsFlush;
  }

  /** What the other end has not taken yet, bytes; of what was added in this turn only the characters are counted. */
  get backlogBytes(): number {
    return this.#stream.writableLength + this.#characters;
  }

  add(text: string): void {
    this.#characters += text.length;
    if (this.#texts.push(text) === 1) this.#wantsFlush(this);
  }

  /** Writes what waits; nothing may follow a close frame (RFC 6455 §5.5.1). */
  flush(): void {
    const texts = this.#texts;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#characters = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#stream.write(textFrames(texts));
  }
}
