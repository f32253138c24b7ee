import type { ConnectPeer, PeerTransport, PeerTransportEvents, Random } from '@nearcast/player-plugin/engine';
import type { HomeLine } from './home-line.ts';
import { PieceBuffers } from './piece-buffers.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How a viewer's router lets connections in: which pairs can meet without a relay (RFC 4787 and RFC 5128). */
export type NatClass = 'open' | 'restricted' | 'symmetric';

export interface NetworkEnd {
  readonly line: HomeLine;
  readonly region: number;
  /** A LAN of its region; those of undefined are at home. */
  readonly site?: number | undefined;
  readonly nat: NatClass;
}

/** How two ends lie to each other. */
type Distance = 'site' | 'region' | 'far';

/** Bytes of media messages that came through, and of these those to viewers in sites. */
export type CarriedBytes = Record<Distance | 'toSites', number>;

export interface PeerNetworkConfig {
  /** One way within a site, within a region and across, ms: from and to. */
  readonly siteDelayMs: readonly [number, number];
  readonly nearDelayMs: readonly [number, number];
  readonly farDelayMs: readonly [number, number];
  /** Messages that are lost once and sent again by SCTP. */
  readonly lossShare: number;
}

type Channel = 'control' | 'data';

/** Behind so little on the line nothing waits. */
const NO_TIME_MS = 0.1;

/** Told of every message that leaves. */
export type SentObserver = (channel: Channel, bytes: number) => void;

/** Connections between viewers: signalled for real through the tracker, carried by their lines. */
export class PeerNetwork {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #config: PeerNetworkConfig;
  readonly #offers = new Map<string, MemoryTransport>();
  readonly #transports = new Map<NetworkEnd, MemoryTransport[]>();
  readonly carried: CarriedBytes = { site: 0, region: 0, far: 0, toSites: 0 };
  readonly #sent: SentObserver | undefined;
  readonly #buffers = new PieceBuffers();
  #lastPair = 0;

  constructor(config: PeerNetworkConfig, clock: VirtualClock, random: Random, sent?: SentObserver) {
    this.#sent = sent;
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
  }

  /** How this end begins connections. */
  connector(end: NetworkEnd): ConnectPeer {
    return (initiate, events) => {
      const transport = new MemoryTransport(
        this.#clock,
        this.#random,
        this.#config.lossShare,
        end,
        events,
        (offer, answerer) => this.#join(offer, answerer),
        (from, bytes) => {
          this.carried[distanceOf(from, end)] += bytes;
          if (end.site !== undefined) this.carried.toSites += bytes;
        },
        this.#sent,
        this.#buffers,
      );
      this.#transports.set(end, [...(this.#transports.get(end) ?? []), transport]);
      if (initiate) {
        this.#lastPair += 1;
        const sdp = `pair ${this.#lastPair}`;
        this.#offers.set(sdp, transport);
        // Later, as a browser would: whoever connects has not stored the transport yet.
        this.#clock.after(1, () => transport.offer(sdp));
      }
      return transport;
    };
  }

  /** A closed lid: nobody is told, and nothing comes any more. */
  vanish(end: NetworkEnd): void {
    for (const transport of this.#transports.get(end) ?? []) transport.vanish();
    this.#transports.delete(end);
  }

  #join(sdp: string, answerer: MemoryTransport): void {
    const offerer = this.#offers.get(sdp);
    this.#offers.delete(sdp);
    if (!offerer || !canMeet(offerer.end.nat, answerer.end.nat)) return;
    const { siteDelayMs, nearDelayMs, farDelayMs } = this.#config;
    const [from, to] = { site: siteDelayMs, region: nearDelayMs, far: farDelayMs }[
      distanceOf(offerer.end, answerer.end)
    ];
    const delayMs = from + (to - from) * this.#random();
    offerer.pairWith(answerer, delayMs);
    answerer.pairWith(offerer, delayMs);
  }
}

function distanceOf(a: NetworkEnd, b: NetworkEnd): Distance {
  if (a.region !== b.region) return 'far';
  return a.site !== undefined && a.site === b.site ? 'site' : 'region';
}

function canMeet(a: NatClass, b: NatClass): boolean {
  if (a === 'open' || b === 'open') return true;
  return a !== 'symmetric' && b !== 'symmetric';
}

class MemoryTransport implements PeerTransport {
  readonly end: NetworkEnd;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #lossShare: number;
  readonly #events: PeerTransportEvents;
  readonly #join: (sdp: string, answerer: MemoryTransport) => void;
  readonly #carried: (from: NetworkEnd, bytes: number) => void;
  readonly #sent: SentObserver | undefined;
  readonly #buffers: PieceBuffers;
  #other: MemoryTransport | undefined;
  #delayMs = 0;
  #isOpen = false;
  #isClosed = false;
  #controlReachedAt = 0;
  /** Messages that have reached the line and are not in. */
  #comingIn = 0;

  constructor(
    clock: VirtualClock,
    random: Random,
    lossShare: number,
    end: NetworkEnd,
    events: PeerTransportEvents,
    join: (sdp: string, answerer: MemoryTransport) => void,
    carried: (from: NetworkEnd, bytes: number) => void,
    sent: SentObserver | undefined,
    buffers: PieceBuffers,
  ) {
    this.#sent = sent;
    this.#buffers = buffers;
    this.#clock = clock;
    this.#random = random;
    this.#lossShare = lossShare;
    this.end = end;
    this.#events = events;
    this.#join = join;
    this.#carried = carried;
  }

  offer(sdp: string): void {
    if (!this.#isClosed) this.#events.signal({ description: { type: 'offer', sdp } });
  }

  signal(signal: Parameters<PeerTransport['signal']>[0]): void {
    if (this.#isClosed || !('description' in signal)) return;
    if (signal.description.type === 'offer') {
      this.#join(signal.description.sdp, this);
      this.#events.signal({ description: { type: 'answer', sdp: signal.description.sdp } });
    } else if (this.#other) {
      // ICE, DTLS and SCTP handshakes: about five trips.
      const other = this.#other;
      this.#clock.after(5 * this.#delayMs, () => {
        if (this.#isClosed || other.#isClosed) return;
        this.#open();
        other.#open();
      });
    }
  }

  pairWith(other: MemoryTransport, delayMs: number): void {
    this.#other = other;
    this.#delayMs = delayMs;
  }

  sendControl(message: Uint8Array): void {
    this.#send('control', message);
  }

  sendData(message: Uint8Array): void {
    this.#send('data', message);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const other = this.#other;
    if (!this.#isOpen || !other) return;
    // What was said last comes first, however late it is.
    const saidAfterMs = this.#controlReachedAt - this.#clock.now();
    this.#clock.after(Math.max(this.#delayMs, saidAfterMs) + 50, () => other.#lost());
  }

  /** The viewer is gone without a word: the other end notices only when ICE does. */
  vanish(): void {
    this.#isClosed = true;
  }

  #open(): void {
    this.#isOpen = true;
    this.#events.opened();
  }

  #lost(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.closed();
  }

  #send(channel: Channel, message: Uint8Array): void {
    const other = this.#other;
    if (this.#isClosed || !this.#isOpen || !other) return;
    const size = message.length;
    this.#sent?.(channel, size);
    let reachesAt = this.end.line.send(size) + this.#delayMs;
    // A lost packet comes one round trip later, and a little.
    if (this.#lossShare > 0 && this.#random() < this.#lossShare) reachesAt += 2 * this.#delayMs + 50;
    // With its last byte: where the other line is free it needs no second timer.
    reachesAt += other.end.line.receivingMs(size);
    if (channel === 'control') {
      reachesAt = Math.max(reachesAt, this.#controlReachedAt);
      this.#controlReachedAt = reachesAt;
    }
    const carried = channel === 'data' ? this.#buffers.copyOf(message) : message;
    this.#clock.after(reachesAt - this.#clock.now(), () => other.#reached(channel, carried));
  }

  /** On a free line the message is in now; otherwise behind whatever else comes in. */
  #reached(channel: Channel, message: Uint8Array): void {
    if (this.#isClosed) return;
    const { line } = this.end;
    const now = this.#clock.now();
    const takesMs = line.receive(message.length, now - line.receivingMs(message.length)) - now;
    if (takesMs < NO_TIME_MS && this.#comingIn === 0) {
      this.#isIn(channel, message);
      return;
    }
    // `control` is in order: nothing may overtake what is still coming in.
    this.#comingIn += 1;
    this.#clock.after(takesMs, () => {
      this.#comingIn -= 1;
      this.#isIn(channel, message);
    });
  }

  #isIn(channel: Channel, message: Uint8Array): void {
    if (this.#isClosed) return;
    this.end.line.acknowledge(message.length);
    if (channel === 'control') this.#events.control(message);
    else {
      if (this.#other) this.#carried(this.#other.end, message.length);
      this.#events.data(message);
      this.#buffers.giveBack(message);
    }
  }
}
