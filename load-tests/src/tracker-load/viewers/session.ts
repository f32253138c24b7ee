import { PlainSocket } from './plain-socket.ts';

/** Time in which a minute takes a second, or whatever the scale is. */
export interface Pace {
  readonly scale: number;
}

/** One viewer's stay, from the connection to its end. */
export abstract class Session {
  readonly #socket: PlainSocket;
  readonly #timers: NodeJS.Timeout[] = [];
  protected readonly pace: Pace;
  readonly #counted: (messages: number) => void;

  constructor(url: string, protocols: readonly string[], pace: Pace, counted: (messages: number) => void) {
    this.pace = pace;
    this.#counted = counted;
    this.#socket = new PlainSocket(url, protocols, {
      opened: () => this.opened(),
      text: (text) => {
        counted(1);
        this.received(text);
      },
    });
  }

  protected abstract opened(): void;
  protected abstract received(text: string): void;

  /** Says goodbye and closes. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.close();
  }

  protected send(text: string): void {
    if (this.#socket.send(text)) this.#counted(1);
  }

  protected after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms / this.pace.scale));
  }

  protected every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, ms / this.pace.scale));
  }
}
