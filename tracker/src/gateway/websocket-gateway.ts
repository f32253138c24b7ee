import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { MAX_SIGNALLING_BYTES, SIGNALLING_SUBPROTOCOL } from '@nearcast/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock.ts';
import type { ConnectionId } from '../swarm/torrent-swarms.ts';
import { readTexts } from './incoming-texts.ts';
import { OutgoingTexts, type TextWriter, type Urgency } from './outgoing-texts.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';
import { refuseUpgrade, type UpgradeRefusal } from './upgrade-refusal.ts';

export type Dialect = 'webtorrent' | 'nearcast';

/** What a connection brought with its upgrade request. */
export interface Arrival {
  /** Kept in memory while the connection lasts; never in a log, a metric or the console. `undefined`: not known. */
  readonly address: string | undefined;
  /** The page's origin (RFC 6454 §7), which only browsers are honest about. */
  readonly origin: string | undefined;
  /** `?token=` of the URL: all that a stock WebTorrent client can show. */
  readonly token: string | undefined;
}

export interface GatewayConfig {
  readonly maxConnections: number;
  /** What one connection may send; beyond it messages are answered with an error and not looked at. */
  readonly messageRate: Rate;
  /** Unread bytes after which a reader is too slow to keep. */
  readonly maxBacklogBytes: number;
  /** Who was silent for two of these is pinged; who is still silent after the third is dead. ms. */
  readonly pingEveryMs: number;
}

export type RefusalReason = 'draining' | 'full' | 'flood' | 'slow-reader' | UpgradeRefusal['reason'];

/** What the gateway tells the tracker. */
export interface GatewayEvents {
  opened(connection: ConnectionId, dialect: Dialect, arrival: Arrival): void;
  received(connection: ConnectionId, text: string): void;
  /** More messages than `messageRate` allows: this one was not read. */
  exceededRate(connection: ConnectionId): void;
  closed(connection: ConnectionId): void;
  refused(reason: RefusalReason): void;
  /** Whether a connection may come about: `undefined` lets it in. */
  mayOpen(arrival: Arrival, dialect: Dialect): UpgradeRefusal | undefined | Promise<UpgradeRefusal | undefined>;
  /** Who asks, as far as the proxies in front are believed. */
  addressOf(request: IncomingMessage): string | undefined;
}

interface Socket {
  readonly socket: WebSocket;
  readonly outgoing: TextWriter;
  readonly bucket: TokenBucket;
  dropped: number;
  heardAt: number;
  isPinged: boolean;
}

/** With so many more messages unread than read since, a sender is not hasty but hostile. */
const FLOOD_AFTER_DROPPED = 1000;

/** Connections are looked through so often in each `pingEveryMs`: who is silent for two of them is seen that much earlier. */
const LOOKS = 8;
const PING_AFTER = 2 - 1 / LOOKS;
const DEAD_AFTER = 3;

/** RFC 6455 §7.4.1, and the IANA registry for 1012 and 1013. */
const closeCodes = { goingAway: 1001, policyViolation: 1008, serviceRestart: 1012, tryAgainLater: 1013 } as const;

/** Sockets, limits, liveness. What the messages mean is for the dialects. */
export class WebSocketGateway {
  readonly #config: GatewayConfig;
  readonly #clock: Clock;
  readonly #events: GatewayEvents;
  readonly #sockets = new Map<ConnectionId, Socket>();
  readonly #server: WebSocketServer;
  readonly #outgoing: OutgoingTexts;
  readonly #stopPinging: () => void;
  #lastId = 0;
  #draining = false;

  constructor(httpServer: Server, config: GatewayConfig, clock: Clock, events: GatewayEvents) {
    this.#config = config;
    this.#clock = clock;
    this.#events = events;
    this.#outgoing = new OutgoingTexts(clock);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_SIGNALLING_BYTES,
      // Compression costs a third of the throughput and memory per connection (servers.md §2.2), for messages of 1 KiB.
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(SIGNALLING_SUBPROTOCOL) ? SIGNALLING_SUBPROTOCOL : false),
    });
    httpServer.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#stopPinging = repeat(clock, config.pingEveryMs / LOOKS, () => this.#ping());
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  connections(): Iterable<ConnectionId> {
    return this.#sockets.keys();
  }

  send(to: ConnectionId, text: string, urgency: Urgency = 'now'): void {
    const entry = this.#sockets.get(to);
    if (entry?.socket.readyState !== entry?.socket.OPEN) return;
    if (entry && entry.outgoing.backlogBytes > this.#config.maxBacklogBytes) {
      this.#events.refused('slow-reader');
      entry.socket.terminate();
      return;
    }
    entry?.outgoing.add(text, urgency);
  }

  close(connection: ConnectionId, because: keyof typeof closeCodes): void {
    const entry = this.#sockets.get(connection);
    if (entry) closeAfterTexts(entry, closeCodes[because]);
  }

  /** From here on nobody new is let in; those who are here stay until `close`. */
  stopAccepting(): void {
    this.#draining = true;
  }

  stop(): void {
    this.#stopPinging();
    this.#outgoing.stop();
    for (const { socket } of this.#sockets.values()) socket.terminate();
    this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const arrival = this.#arrivalOf(request);
    const decided = (refusal: UpgradeRefusal | undefined) => {
      if (!refusal) {
        this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, socket, arrival));
        return;
      }
      this.#events.refused(refusal.reason);
      refuseUpgrade(socket, refusal);
    };
    const refusal = this.#events.mayOpen(arrival, dialectOf(request));
    if (!(refusal instanceof Promise)) {
      decided(refusal);
      return;
    }
    const ignore = () => undefined; // it is gone, and `handleUpgrade` sees that
    socket.on('error', ignore);
    void refusal.then((later) => {
      decided(later);
      socket.off('error', ignore);
    });
  }

  #arrivalOf(request: IncomingMessage): Arrival {
    const { url = '' } = request;
    const queryAt = url.indexOf('?');
    return {
      address: this.#events.addressOf(request),
      origin: request.headers.origin,
      token: queryAt < 0 ? undefined : (new URLSearchParams(url.slice(queryAt)).get('token') ?? undefined),
    };
  }

  #accept(socket: WebSocket, stream: Duplex, arrival: Arrival): void {
    socket.on('error', () => undefined); // always followed by `close`
    if (this.#draining || this.#sockets.size >= this.#config.maxConnections) {
      this.#events.refused(this.#draining ? 'draining' : 'full');
      socket.close(closeCodes.tryAgainLater);
      return;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const now = this.#clock.now();
    const bucket = new TokenBucket(this.#config.messageRate, now);
    const entry: Socket = {
      socket,
      outgoing: this.#outgoing.writerTo(socket, stream),
      bucket,
      dropped: 0,
      heardAt: now,
      isPinged: false,
    };
    this.#sockets.set(id, entry);
    const text = (given: string) => this.#receive(id, entry, given);
    const pong = () => hear(entry, this.#clock.now());
    readTexts(stream, { text, pong });
    socket.on('message', (data) => text(data.toString()));
    socket.on('pong', pong);
    socket.on('close', () => {
      this.#sockets.delete(id);
      this.#events.closed(id);
    });
    this.#events.opened(id, socket.protocol === SIGNALLING_SUBPROTOCOL ? 'nearcast' : 'webtorrent', arrival);
  }

  #receive(id: ConnectionId, entry: Socket, text: string): void {
    // What was on its way when the connection was ended.
    if (entry.socket.readyState !== entry.socket.OPEN) return;
    const now = this.#clock.now();
    hear(entry, now);
    if (entry.bucket.take(now)) {
      // Not to 0: a flood that is read in part, as its allowance comes back, is one flood.
      entry.dropped = Math.max(0, entry.dropped - 1);
      this.#events.received(id, text);
      return;
    }
    entry.dropped += 1;
    // One answer for a run of dropped messages: a flood must not be answered by a flood.
    if (entry.dropped === 1) this.#events.exceededRate(id);
    if (entry.dropped !== FLOOD_AFTER_DROPPED) return;
    this.#events.refused('flood');
    closeAfterTexts(entry, closeCodes.policyViolation, 'too many messages');
  }

  /** Viewers that report are heard often enough. Others are heard in time, so that no proxy takes them for gone. */
  #ping(): void {
    const { pingEveryMs } = this.#config;
    const now = this.#clock.now();
    for (const entry of this.#sockets.values()) {
      const silentMs = now - entry.heardAt;
      if (silentMs >= DEAD_AFTER * pingEveryMs) entry.socket.terminate();
      else if (silentMs >= PING_AFTER * pingEveryMs && !entry.isPinged) {
        entry.isPinged = true;
        entry.outgoing.ping();
      }
    }
  }
}

function hear(entry: Socket, now: number): void {
  entry.heardAt = now;
  entry.isPinged = false;
}

/** As `handleProtocols` will choose. */
function dialectOf({ headers }: IncomingMessage): Dialect {
  const offered = headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered.some((name) => name.trim() === SIGNALLING_SUBPROTOCOL) ? 'nearcast' : 'webtorrent';
}

/** What was sent before goes out first. */
function closeAfterTexts({ socket, outgoing }: Socket, code: number, reason?: string): void {
  outgoing.flush();
  socket.close(code, reason);
}

function repeat(clock: Clock, everyMs: number, run: () => void): () => void {
  let cancel = clock.after(everyMs, tick);
  function tick(): void {
    run();
    cancel = clock.after(everyMs, tick);
  }
  return () => cancel();
}
