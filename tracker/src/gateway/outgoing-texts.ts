import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { emptyPing, mostFrameBytes, writeTextFrames } from './text-frames.ts';

/** More than a newcomer is told at once. */
const SHARED_BYTES = 64 * 1024;

/** What can wait for company waits between half of this and all of it, ms. */
const MOST_PATIENCE_MS = 500;

/** `now`: within this turn. `soon`: with whatever else is sent to the socket, or after half a second at most. */
export type Urgency = 'now' | 'soon';

/**
 * What is to be sent within one turn of the event loop goes to each socket in one write: a newcomer hears of all its
 * neighbours at once. Writes are what a tracker's processor time goes into, and `ws` makes one of two parts for each message
 * (docs/decisions/0024).
 */
export class OutgoingTexts {
  #waiting: TextWriter[] = [];
  #shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
  readonly #clock: Clock;
  /** With something to say that can wait: since the latest tick, and since the one before. */
  #patient: TextWriter[] = [];
  #longPatient: TextWriter[] = [];
  #stopTicking: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param stream what the socket writes to: without compression it writes its own frames at once and whole, too */
  writerTo(socket: WebSocket, stream: Duplex): TextWriter {
    return new TextWriter(socket, stream, this);
  }

  flushSoon(writer: TextWriter): void {
    if (this.#waiting.push(writer) === 1) setImmediate(() => this.#flush());
  }

  flushInTime(writer: TextWriter): void {
    this.#patient.push(writer);
    this.#stopTicking ??= this.#clock.after(MOST_PATIENCE_MS / 2, () => this.#tick());
  }

  stop(): void {
    this.#stopTicking?.();
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

  #tick(): void {
    for (const writer of this.#longPatient) writer.flush();
    this.#longPatient = this.#patient;
    this.#patient = [];
    const isDone = this.#longPatient.length === 0;
    this.#stopTicking = isDone ? undefined : this.#clock.after(MOST_PATIENCE_MS / 2, () => this.#tick());
  }
}

export class TextWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #outgoing: OutgoingTexts;
  #texts: string[] = [];
  #characters = 0;
  #isDue = false;

  constructor(socket: WebSocket, stream: Duplex, outgoing: OutgoingTexts) {
    this.#socket = socket;
    this.#stream = stream;
    this.#outgoing = outgoing;
  }

  /** What the other end has not taken yet, bytes; of what waits here only the characters are counted. */
  get backlogBytes(): number {
    return this.#stream.writableLength + this.#characters;
  }

  add(text: string, urgency: Urgency): void {
    this.#characters += text.length;
    const isFirst = this.#texts.push(text) === 1;
    if (urgency === 'now' && !this.#isDue) {
      this.#isDue = true;
      this.#outgoing.flushSoon(this);
    } else if (isFirst && urgency === 'soon') this.#outgoing.flushInTime(this);
  }

  /** At once: whoever was silent has nothing waiting. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#stream.write(emptyPing);
  }

  /** Writes what waits; nothing may follow a close frame (RFC 6455 §5.5.1). */
  flush(): void {
    const texts = this.#texts;
    this.#isDue = false;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#characters = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#outgoing.write(texts, this.#stream);
  }
}
