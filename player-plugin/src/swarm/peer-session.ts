import {
  type ChunkRun,
  decodeFrames,
  decodePiece,
  encodePiece,
  type GoodbyeReason,
  KeyNumbers,
  type LinkReport,
  PEER_PROTOCOL_VERSION,
  type PeerFrame,
  type Piece,
} from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { PeerView } from '../scheduling/plan-view.ts';
import { ControlOutbox } from './control-outbox.ts';
import { Downloads } from './downloads.ts';
import { FloodGuard } from './flood-guard.ts';
import { PeerScore } from './peer-score.ts';
import type { PeerTransport } from './peer-transport.ts';
import type { RemoteHoldings } from './remote-holdings.ts';
import type { UploadTarget } from './uploader.ts';

/** Frames that concern what is exchanged; the rest a session settles by itself. */
export type ExchangeFrame = Extract<
  PeerFrame,
  { type: 'segment' | 'manifest' | 'want-manifest' | 'request' | 'cancel' | 'ack' }
>;

/** What a session tells those who decide. */
export interface PeerSessionEvents {
  /** It has said hello: it may be asked and told. */
  opened(session: PeerSession): void;
  frame(session: PeerSession, frame: ExchangeFrame): void;
  /** It has more. */
  news(session: PeerSession, key: string, runs: readonly ChunkRun[]): void;
  /** A chunk that was asked for is complete, and not verified yet. */
  chunkArrived(session: PeerSession, key: string, chunk: number, bytes: Uint8Array): void;
  /** A chunk that was asked for will not come from here now. */
  chunkFailed(session: PeerSession, key: string, chunk: number): void;
  /** Bytes came that nobody asked for, or asked no more. */
  discarded(bytes: number): void;
  control(bytes: number): void;
  closed(session: PeerSession, because: CloseReason): void;
}

export type CloseReason = 'failed' | 'closed' | 'rejected' | 'replaced' | 'left';

interface Window {
  readonly rendition: number;
  readonly from: number;
  readonly to: number;
}

/** The first pings find the round trip, later ones that the peer is still there. */
const FIRST_PINGS_MS: readonly number[] = [300, 1_000, 2_000];
const PING_EVERY_MS = 5_000;
/** A peer that has not kept its word so often in a row is of no use. */
const FAILURES_TO_LEAVE = 5;
/** A peer that has not said anything for so long is gone, whatever its connection says. */
const SILENT_AFTER_MS = 15_000;

/** One neighbour: what it has, what is asked of it, what it is owed. */
export class PeerSession implements UploadTarget, PeerView {
  readonly id: string;
  readonly score: PeerScore = new PeerScore();
  readonly holdings: RemoteHoldings;
  readonly downloads: Downloads;
  /** How long its accepted uploads will take it, ms, as it said last. */
  queueMs = 0;
  /** Whether it passes anything on at all. */
  uploads = false;
  readonly windows: Map<number, Window> = new Map();
  /** Segments that it has been told of. */
  readonly told: Set<string> = new Set();
  readonly #clock: Clock;
  readonly #transport: PeerTransport;
  readonly #events: PeerSessionEvents;
  readonly #outbox: ControlOutbox;
  /** What segments are called in what it says. */
  readonly #numbers = new KeyNumbers();
  readonly #pings = new Map<number, number>();
  #state: 'greeting' | 'open' | 'closed' = 'greeting';
  readonly #floodGuard: FloodGuard;
  /** Whether it was of use or not: the other end counts what it sent. */
  #receivedBytes = 0;
  #accounted = { receivedBytes: 0, sentBytes: 0 };
  #lastPing = 0;
  #lastPiece = 0;
  /** Of its clock before ours, ms, as far as acknowledgements tell. */
  #clockAheadMs = 0;
  #heardAt: number;
  #cancelPing: () => void = () => undefined;

  constructor(
    id: string,
    transport: PeerTransport,
    mayUpload: boolean,
    events: PeerSessionEvents,
    deps: { clock: Clock; random: Random; holdings: RemoteHoldings },
  ) {
    this.id = id;
    this.holdings = deps.holdings;
    this.#clock = deps.clock;
    this.#transport = transport;
    this.#events = events;
    this.#heardAt = deps.clock.now();
    this.#floodGuard = new FloodGuard(this.#heardAt);
    this.#outbox = new ControlOutbox(deps.clock, (message) => this.#sendControl(message));
    this.downloads = new Downloads(deps, this.score, {
      arrived: (key, chunk, bytes) => events.chunkArrived(this, key, chunk, bytes),
      timedOut: (key, chunk) => {
        this.say({ type: 'cancel', key, chunk });
        events.chunkFailed(this, key, chunk);
        if (this.score.failures >= FAILURES_TO_LEAVE) this.close('failed', 'replaced');
      },
      discarded: (bytes) => {
        events.discarded(bytes);
        if (this.#floodGuard.unasked(bytes, this.score.receivedBytes)) this.reject();
      },
    });
    this.say({ type: 'hello', version: PEER_PROTOCOL_VERSION, upload: mayUpload });
    this.#ping();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get bytesPerMs(): number {
    return this.score.bytesPerMs;
  }

  get rttMs(): number {
    return this.score.rttMs;
  }

  get availableAt(): number {
    return this.score.availableAt;
  }

  get inFlight(): number {
    return this.downloads.count;
  }

  get isReliable(): boolean {
    return this.score.failures === 0;
  }

  get baseRttMs(): number {
    return this.score.baseRttMs;
  }

  get heldBytes(): number {
    return this.#transport.heldBytes ?? 0;
  }

  say(frame: PeerFrame): void {
    if (this.#state !== 'closed') this.#outbox.add(frame);
  }

  announce(key: string, chunk: number, withinMs: number): void {
    this.#outbox.have(key, chunk, withinMs);
  }

  /** Asks for a chunk that it has. */
  ask(key: string, chunk: number, size: number, withinMs: number): void {
    this.downloads.begin(key, chunk, size);
    this.say({ type: 'request', key, chunk, withinMs });
  }

  /** It need not come any more. @returns whether it was on its way */
  cancel(key: string, chunk: number): boolean {
    const wasRunning = this.downloads.end(key, chunk);
    if (wasRunning) this.say({ type: 'cancel', key, chunk });
    return wasRunning;
  }

  /** A segment that is past. */
  forget(key: string): void {
    this.holdings.drop(key);
    this.told.delete(key);
  }

  hasAnnounced(key: string, chunk: number): boolean {
    return this.holdings.has(key, chunk);
  }

  sendPiece(key: string, chunk: number, offset: number, queueMs: number, bytes: Uint8Array): number {
    this.#lastPiece += 1;
    this.#transport.sendData(encodePiece({ id: this.#lastPiece, key, chunk, offset, queueMs, bytes }, this.#numbers));
    this.score.sentBytes += bytes.byteLength;
    return this.#lastPiece;
  }

  refuse(key: string, chunk: number, retryAfterMs: number): void {
    this.say({ type: 'refuse', key, chunk, retryAfterMs });
  }

  /** [P8] Modulo 2^16 continued, to the ms: it is within half of that of what was said last and the time since. */
  arrivedAtMs(saidMs: number): number {
    const now = this.#clock.now();
    this.#clockAheadMs += ((saidMs - now - this.#clockAheadMs) << 16) >> 16;
    return now + this.#clockAheadMs;
  }

  receiveControl(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#heard(message.length);
    const frames = decodeFrames(message, this.#numbers);
    if (!frames || this.#floodGuard.control(message.length, this.#heardAt)) {
      this.reject();
      return;
    }
    for (const frame of frames) if (!this.#isClosed()) this.#receive(frame);
  }

  receiveData(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    const piece = decodePiece(message, this.#outbox.numbers);
    if (!piece || !this.isOpen) {
      this.reject();
      return;
    }
    this.#heard(message.length - piece.bytes.length);
    this.#receivePiece(piece);
  }

  /** Sends what is due, whatever the page's timers do. */
  poke(): void {
    this.#outbox.poke();
  }

  /** It broke the rules: it is left, and not met again ([P12]). */
  reject(): void {
    this.close('rejected', 'rejected');
  }

  close(because: CloseReason, goodbye?: GoodbyeReason): void {
    if (this.#state === 'closed') return;
    if (goodbye) {
      this.say({ type: 'goodbye', because: goodbye });
      this.#outbox.flush();
    }
    this.#state = 'closed';
    this.#cancelPing();
    this.#outbox.close();
    this.#transport.close();
    this.holdings.leave();
    for (const { key, chunk } of this.downloads.endAll()) this.#events.chunkFailed(this, key, chunk);
    this.#events.closed(this, because);
  }

  /** What was exchanged since this was last asked, for the tracker's books. */
  takeAccount(): LinkReport {
    const { sentBytes, rttMs } = this.score;
    const before = this.#accounted;
    this.#accounted = { receivedBytes: this.#receivedBytes, sentBytes };
    return {
      peer: this.id,
      receivedBytes: this.#receivedBytes - before.receivedBytes,
      sentBytes: sentBytes - before.sentBytes,
      rttMs: rttMs > 0 ? Math.round(rttMs) : undefined,
      connection: this.#transport.kind,
    };
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #sendControl(message: Uint8Array): void {
    if (this.#state === 'closed') return;
    this.#events.control(message.length);
    this.#transport.sendControl(message);
  }

  #heard(controlBytes: number): void {
    this.#heardAt = this.#clock.now();
    this.#events.control(controlBytes);
  }

  #receive(frame: PeerFrame): void {
    if (this.#state === 'greeting') {
      this.#greet(frame);
      return;
    }
    switch (frame.type) {
      case 'have':
        this.holdings.addHave(frame.key, frame.runs);
        this.#events.news(this, frame.key, frame.runs);
        break;
      case 'fetching':
        this.holdings.addFetching(frame.key, frame.runs, this.#clock.now());
        break;
      case 'drop':
        this.holdings.drop(frame.key);
        break;
      case 'window':
        this.#noteWindow(frame);
        break;
      case 'refuse':
        this.#refused(frame);
        break;
      case 'ping':
        this.say({ type: 'pong', id: frame.id });
        break;
      case 'pong':
        this.#ponged(frame.id);
        break;
      case 'goodbye':
        this.close('closed');
        break;
      case 'hello':
        this.reject();
        break;
      default:
        this.#events.frame(this, frame);
    }
  }

  #greet(frame: PeerFrame): void {
    if (frame.type !== 'hello') {
      this.reject();
    } else if (frame.version !== PEER_PROTOCOL_VERSION) {
      this.close('failed', 'version');
    } else {
      this.#state = 'open';
      this.uploads = frame.upload;
      this.#events.opened(this);
    }
  }

  #noteWindow(window: Extract<PeerFrame, { type: 'window' }>): void {
    // Video and audio, and the renditions of the last switches: not more than a handful.
    if (this.windows.size >= 8 && !this.windows.has(window.rendition)) this.windows.clear();
    this.windows.set(window.rendition, window);
  }

  #refused({ key, chunk, retryAfterMs }: Extract<PeerFrame, { type: 'refuse' }>): void {
    if (retryAfterMs > 0) this.score.toldToWait(this.#clock.now() + retryAfterMs);
    else this.holdings.lacks(key, chunk);
    if (this.downloads.end(key, chunk)) this.#events.chunkFailed(this, key, chunk);
  }

  #receivePiece(piece: Piece): void {
    this.#receivedBytes += piece.bytes.length;
    this.#outbox.acknowledge(piece.id);
    this.queueMs = piece.queueMs;
    this.downloads.receive(piece);
  }

  #ping(): void {
    const now = this.#clock.now();
    if (now - this.#heardAt > SILENT_AFTER_MS) {
      this.close('failed');
      return;
    }
    this.#lastPing = (this.#lastPing + 1) & 0xffff;
    this.#pings.set(this.#lastPing, now);
    // At once: a ping that waits for company measures its own waiting.
    this.say({ type: 'ping', id: this.#lastPing });
    this.#outbox.flush();
    this.#cancelPing = this.#clock.after(FIRST_PINGS_MS[this.#lastPing - 1] ?? PING_EVERY_MS, () => this.#ping());
  }

  #ponged(id: number): void {
    const sentAt = this.#pings.get(id);
    if (sentAt === undefined) return;
    this.#pings.clear();
    this.score.roundTrip(this.#clock.now() - sentAt);
  }
}
