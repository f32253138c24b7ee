import {
  parseTrackerMessage,
  SIGNALLING_SUBPROTOCOL,
  type TrackerErrorReason,
  type TrackerMessage,
  type ViewerMessage,
} from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { reconnectDelayMs } from './reconnect-policy.ts';
import { TokenRenewal } from './token-renewal.ts';

export type TrackerState = 'connecting' | 'connected' | 'unreachable';

export interface TrackerEvents {
  stateChanged(state: TrackerState): void;
  /** What the tracker says to this viewer and its engine. */
  heard(message: TrackerMessage): void;
  /** It answered with an error; the connection stays. */
  refused(reason: TrackerErrorReason, message: string): void;
  /** It did not take a fresh token; the one that it knows counts on to its end. */
  notRenewed(problem: string): void;
  /** What came is no message of ours: whatever listens there is no Nearcast tracker, or of another version. */
  garbled(): void;
}

export type JoinMessage = Extract<ViewerMessage, { type: 'join' }>;

export interface TrackerClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly openSocket: (url: string, subprotocol: string) => WebSocket;
}

export const openWebSocket = (url: string, subprotocol: string): WebSocket => new WebSocket(url, subprotocol);

/** A tracker that has not welcomed us by then is as good as none, ms. */
const WELCOME_WITHIN_MS = 10_000;

/** Keeps one connection to the first tracker that answers, and comes back by itself. */
export class TrackerClient {
  readonly #urls: readonly string[];
  readonly #join: () => Promise<JoinMessage>;
  readonly #events: TrackerEvents;
  readonly #deps: TrackerClientDeps;
  readonly #renewal: TokenRenewal;
  #socket: WebSocket | undefined;
  #attempt = 0;
  #cancelRetry: () => void = () => undefined;
  #welcome = false;
  /** Whether this connection's nonsense has been told of. */
  #garbled = false;
  #closed = false;

  constructor(
    urls: readonly string[],
    join: () => Promise<JoinMessage>,
    events: TrackerEvents,
    deps: TrackerClientDeps,
  ) {
    this.#urls = urls;
    this.#join = join;
    this.#events = events;
    this.#deps = deps;
    const fresh = async () => (await join()).token;
    this.#renewal = new TokenRenewal(fresh, (token) => this.send({ type: 'renew', token }), deps);
  }

  /** Whether the tracker has taken this viewer in, and would get what is sent now. */
  get isWelcome(): boolean {
    return this.#welcome && this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Lost unless `isWelcome`. */
  send(message: ViewerMessage): void {
    if (this.isWelcome) this.#socket?.send(JSON.stringify(message));
  }

  close(): void {
    if (this.#closed) return;
    this.send({ type: 'leave' });
    this.#closed = true;
    this.#cancelRetry();
    this.#renewal.stop();
    this.#socket?.close(1000);
  }

  connect(): void {
    const url = this.#urls[this.#attempt % this.#urls.length] as string;
    this.#events.stateChanged(this.#attempt < this.#urls.length ? 'connecting' : 'unreachable');
    let socket: WebSocket;
    try {
      socket = this.#deps.openSocket(url, SIGNALLING_SUBPROTOCOL);
    } catch {
      // An insecure ws:// URL on an https page throws here (the field's commonest silent failure).
      this.#retry(undefined);
      return;
    }
    this.#socket = socket;
    this.#garbled = false;
    const giveUp = this.#deps.clock.after(WELCOME_WITHIN_MS, () => {
      if (socket === this.#socket && !this.#welcome) this.#retry(undefined);
    });
    socket.addEventListener('open', () => void this.#sendJoin(socket));
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', () => {
      giveUp();
      if (socket === this.#socket) this.#retry(undefined);
    });
  }

  async #sendJoin(socket: WebSocket): Promise<void> {
    try {
      const join = await this.#join();
      this.#renewal.hasShown(join.token);
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(join));
    } catch {
      socket.close(1000); // no token now; the retry asks for one again
    }
  }

  #receive(data: unknown): void {
    const message = typeof data === 'string' ? parseTrackerMessage(data) : undefined;
    if (message) this.#obey(message);
    else if (!this.#garbled) this.#events.garbled();
    this.#garbled ||= !message;
  }

  #obey(message: TrackerMessage): void {
    switch (message.type) {
      case 'introduce':
      case 'signal':
      case 'duty':
      case 'blocked':
        this.#events.heard(message);
        break;
      case 'unknown':
        break;
      case 'welcome':
        this.#attempt = 0;
        this.#welcome = true;
        if (message.tokenExpiresInMs !== undefined) this.#renewal.mayStay(message.tokenExpiresInMs);
        this.#events.stateChanged('connected');
        this.#events.heard(message);
        break;
      case 'renewed':
        this.#renewal.mayStay(message.tokenExpiresInMs);
        if (message.problem !== undefined) this.#events.notRenewed(message.problem);
        break;
      case 'error':
        if (message.reason === 'unauthorised') this.#shownOut();
        this.#events.refused(message.reason, message.message);
        break;
      case 'reconnect':
        this.#retry(message.afterMs);
        break;
    }
  }

  /** [S10] In no swarm any more, or not let into one: what is to be done about it is for the session. */
  #shownOut(): void {
    this.#welcome = false;
    this.#renewal.stop();
  }

  /** @param plannedMs when the tracker itself said when to come back */
  #retry(plannedMs: number | undefined): void {
    const left = this.#socket;
    this.#socket = undefined;
    left?.close(1000);
    this.#shownOut();
    if (this.#closed) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#deps.clock.after(plannedMs ?? this.#failed(), () => this.connect());
  }

  #failed(): number {
    const delayMs = reconnectDelayMs(this.#attempt, this.#deps.random);
    this.#attempt += 1;
    if (this.#attempt >= this.#urls.length) this.#events.stateChanged('unreachable');
    return delayMs;
  }
}
