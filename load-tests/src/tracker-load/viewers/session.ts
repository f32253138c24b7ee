import type { WebSocket } from 'ws';
import { openSocket } from './open-sockets.ts';

/** Time in which a minute takes a second, or whatever the scale is. */
export interface Pace {
  readonly scale: number;
}

/** One viewer's stay, from the connection to its end. */
export abstract class Session {
  readonly #socket: WebSocket;
  readonly #timers: NodeJS.Timeout[] = [];
  protected readonly pace: Pace;
  readonly #counted: (messages: number) => void;

  constructor(url: string, protocols: readonly string[], pace: Pace, counted: (messages: number) => void) {
    this.pace = pace;
    this.#counted = counted;
    this.#socket = openSocket(url, protocols);
    this.#socket.on('open', () => this.opened());
    // Only when a short stay ends before the connection is there.
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data: Buffer) => {
      counted(1);
      this.received(data);
    });
  }

  protected abstract opened(): void;
  protected abstract received(data: Buffer): void;

  /** Says goodbye and closes. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.close();
  }

  protected send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#counted(1);
    this.#socket.send(text);
  }

  protected after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms / this.pace.scale));
  }

  protected every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms / this.pace.scale));
  }
}
