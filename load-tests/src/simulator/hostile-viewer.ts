import type { Clock, ConnectPeer, PeerTransport } from '@nearcast/player-plugin/engine';
import {
  chunkCount,
  chunkRange,
  decodeFrames,
  decodeManifest,
  encodeFrames,
  encodePiece,
  hexOf,
  KeyNumbers,
  PEER_PROTOCOL_VERSION,
  type PeerFrame,
  PIECE_BYTES,
  type TrackerMessage,
  type ViewerMessage,
} from '@nearcast/protocol';
import type { ModelSegment } from './stream-model.ts';

/** What a hostile viewer does to those who ask it. */
export const hostileKinds = [
  /** Sends chunks in which a bit is turned. */
  'wrong-bytes',
  /** Sends pieces that end beyond their chunk. */
  'wrong-length',
  /** Sends manifests that nobody has signed. */
  'wrong-manifest',
  /** Sends what is no frame. */
  'garbage',
  /** Sends frames of a type that no version has. */
  'unknown-frames',
  /** Sends pieces that nobody asked for, as fast as it can. */
  'piece-flood',
  /** Sends control, as fast as it can. */
  'control-flood',
  /** Says that it has everything, takes every request, and sends nothing. */
  'silent',
  /** Says that it has everything, and then that it has not. */
  'liar',
  /** Asks for everything that it hears of, again and again. */
  'greedy',
  /** Names segments that are elsewhere. */
  'misleading',
  /** Names segments before they are there, and others that never will be: whoever believes it asks the edge in vain. */
  'prophet',
  /** Says that it fetches whatever there is, so that nobody steps in, and never does. */
  'pretender',
  /** Sends what it was asked for in drops, so that it seems to be coming. */
  'dripping',
  /** Sends what it was asked for, again and again. */
  'repeating',
] as const;
export type HostileKind = (typeof hostileKinds)[number];

/** What it needs to know of a segment. */
type HarmedSegment = Omit<ModelSegment, 'key'>;

export interface HostileDeps {
  readonly clock: Clock;
  readonly stream: { segment(number: number): HarmedSegment };
  readonly connect: ConnectPeer;
  readonly tellTracker: (message: ViewerMessage) => void;
  /** The newest segment that exists. */
  readonly newest: () => number;
}

const ACT_EVERY_MS = 50;
/** Nobody believes in more. */
const FORETOLD_SEGMENTS = 3;
const CLAIMED_SEGMENTS = 6;
const DROP_EVERY_MS = 400;
/** Numbers of segments that no stream comes to. */
const NEVER = 1_000_000;

/** A viewer that joins like any other and then harms its neighbours in one way. */
export class HostileViewer {
  readonly #kind: HostileKind;
  readonly #deps: HostileDeps;
  readonly #transports = new Map<string, PeerTransport>();
  readonly #open = new Set<string>();
  #pieces = 0;
  #announced = -1;
  #invented = 0;
  /** As neighbours call what they play: nobody believes in another. */
  #rendition = 0;

  constructor(kind: HostileKind, deps: HostileDeps) {
    this.#kind = kind;
    this.#deps = deps;
  }

  join(): void {
    this.#deps.tellTracker({ type: 'join', swarm: 'stream', engine: 'swarm', upload: true });
    this.#act();
  }

  hear(message: TrackerMessage): void {
    if (message.type === 'introduce') this.#meet(message.peer, message.initiate);
    else if (message.type === 'signal') this.#transports.get(message.from)?.signal(message.signal);
  }

  #meet(peer: string, initiate: boolean): void {
    const numbers = new KeyNumbers();
    const transport = this.#deps.connect(initiate, {
      signal: (signal) => this.#deps.tellTracker({ type: 'signal', to: peer, signal }),
      opened: () => {
        this.#open.add(peer);
        this.#say(peer, { type: 'hello', version: PEER_PROTOCOL_VERSION, upload: true });
        for (let number = this.#announced - CLAIMED_SEGMENTS; number <= this.#announced; number++) {
          this.#claim(peer, number);
        }
      },
      control: (message) => {
        for (const frame of decodeFrames(message, numbers) ?? []) this.#answer(peer, frame);
      },
      data: () => undefined,
      closed: () => this.#open.delete(peer),
    });
    this.#transports.set(peer, transport);
  }

  #say(peer: string, ...frames: PeerFrame[]): void {
    for (const message of encodeFrames(frames)) this.#transports.get(peer)?.sendControl(message);
  }

  #act(): void {
    const newest = this.#deps.newest() + (this.#kind === 'prophet' ? FORETOLD_SEGMENTS : 0);
    while (this.#announced < newest) {
      this.#announced += 1;
      for (const peer of this.#open) this.#claim(peer, this.#announced);
    }
    if (this.#kind === 'prophet') this.#invent(newest);
    for (const peer of this.#open) this.#attack(peer);
    this.#deps.clock.after(ACT_EVERY_MS, () => this.#act());
  }

  #invent(newest: number): void {
    this.#invented += 1;
    const sequence = newest - (this.#invented % FORETOLD_SEGMENTS);
    for (const peer of this.#open) {
      this.#claim(peer, sequence);
      this.#claim(peer, NEVER + this.#invented, sequence);
    }
  }

  #claim(peer: string, number: number, sequence: number = number): void {
    // Whoever is told of nothing yet tells.
    if (number < 0 || (this.#kind === 'prophet' && this.#rendition === 0)) return;
    const { manifest, keyHex } = this.#lookUp(number);
    const path = this.#kind === 'misleading' ? '/elsewhere/of-no-use.ts' : `/stream/segment${number}.ts`;
    const has = { type: 'have', key: keyHex, runs: [{ first: 0, count: chunkCount(manifest) }] } as const;
    if (this.#kind === 'pretender') {
      this.#say(peer, { type: 'fetching', key: keyHex, runs: has.runs });
      return;
    }
    this.#say(
      peer,
      { type: 'segment', key: keyHex, rendition: this.#rendition, sequence, durationMs: 2_000, path },
      has,
    );
  }

  #attack(peer: string): void {
    const transport = this.#transports.get(peer);
    const { manifest, keyHex } = this.#lookUp(Math.max(0, this.#announced));
    switch (this.#kind) {
      case 'garbage':
        transport?.sendControl(Uint8Array.from({ length: 40 }, (_, index) => (index * 89 + 7) % 256));
        break;
      case 'unknown-frames':
        transport?.sendControl(Uint8Array.from([100, 0, 3, 1, 2, 3]));
        break;
      case 'piece-flood':
        for (let count = 0; count < 20; count++) this.#piece(peer, keyHex, 0, 0, new Uint8Array(PIECE_BYTES));
        break;
      case 'control-flood':
        for (let count = 0; count < 30; count++) this.#say(peer, { type: 'manifest', manifest: new Uint8Array(1_000) });
        break;
      case 'greedy':
        for (let chunk = 0; chunk < chunkCount(manifest); chunk++) {
          this.#say(peer, { type: 'request', key: keyHex, chunk, withinMs: 10_000 });
        }
        break;
      default:
        break;
    }
  }

  #answer(peer: string, frame: PeerFrame): void {
    switch (frame.type) {
      case 'segment':
        this.#rendition = frame.rendition;
        break;
      case 'ping':
        if (this.#kind !== 'silent') this.#say(peer, { type: 'pong', id: frame.id });
        break;
      case 'want-manifest':
        this.#sendManifest(peer, frame.key);
        break;
      case 'request':
        this.#serve(peer, frame.key, frame.chunk);
        break;
      default:
        break;
    }
  }

  #sendManifest(peer: string, key: string): void {
    const segment = this.#find(key);
    if (!segment) return;
    const manifest = segment.manifest.slice();
    // The last byte of the signature.
    if (this.#kind === 'wrong-manifest') manifest[manifest.length - 1] = (manifest.at(-1) ?? 0) ^ 1;
    this.#say(peer, { type: 'manifest', manifest });
  }

  #serve(peer: string, key: string, chunk: number): void {
    const segment = this.#find(key);
    const manifest = segment && decodeManifest(segment.manifest);
    if (!segment || !manifest || this.#kind === 'silent') return;
    if (this.#kind === 'liar') {
      this.#say(peer, { type: 'refuse', key, chunk, retryAfterMs: 0 });
      return;
    }
    const { start, end } = chunkRange(manifest, chunk);
    const body = segment.body.slice(start, end);
    if (this.#kind === 'wrong-bytes') body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    const times = this.#kind === 'repeating' ? 5 : 1;
    for (let count = 0; count < times; count++) {
      for (let offset = 0; offset < body.length; offset += PIECE_BYTES) {
        const send = () => this.#piece(peer, key, chunk, offset, body.subarray(offset, offset + PIECE_BYTES));
        if (this.#kind === 'dripping') this.#deps.clock.after((1 + offset / PIECE_BYTES) * DROP_EVERY_MS, send);
        else send();
      }
    }
    if (this.#kind === 'wrong-length')
      this.#piece(peer, key, chunk, body.length - (body.length % PIECE_BYTES), new Uint8Array(PIECE_BYTES));
  }

  #piece(peer: string, key: string, chunk: number, offset: number, bytes: Uint8Array): void {
    this.#pieces += 1;
    this.#transports.get(peer)?.sendData(encodePiece({ id: this.#pieces, key, chunk, offset, queueMs: 0, bytes }));
  }

  #find(key: string): HarmedSegment | undefined {
    for (let number = Math.max(0, this.#announced - CLAIMED_SEGMENTS); number <= this.#announced; number++) {
      const found = this.#lookUp(number);
      if (found.keyHex === key) return found.segment;
    }
    return undefined;
  }

  #lookUp(number: number): {
    readonly segment: HarmedSegment;
    readonly manifest: { readonly size: number; readonly chunkSize: number };
    readonly keyHex: string;
  } {
    const segment = this.#deps.stream.segment(number);
    const manifest = decodeManifest(segment.manifest);
    if (!manifest) throw new Error('the stream has a manifest that is none');
    return { segment, manifest, keyHex: hexOf(manifest.key) };
  }
}
