import type WebTorrent from 'webtorrent/dist/webtorrent.min.js';
import type { Torrent, TorrentFile, Wire } from 'webtorrent/dist/webtorrent.min.js';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { Blame } from './blame.ts';
import type { FileHead } from './file-head.ts';
import type { Client } from './load-webtorrent.ts';
import { selectAll, selectHead } from './piece-selection.ts';
import { SupplyMeter } from './supply-meter.ts';
import { type SupplyView, wantsWebSeed } from './web-seed-policy.ts';
import { hold, readFromEdge } from './web-seed-wire.ts';

/** What a file that is shared tells. */
export interface SwarmFileListener {
  receivedFromPeer(bytes: number): void;
  receivedFromEdge(bytes: number): void;
  uploaded(bytes: number): void;
  /** A piece was not what the torrent says; so many bytes were thrown away. */
  pieceRejected(bytes: number): void;
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  peerRejected(peer: string): void;
  /** So many bytes are here and verified. */
  progressed(verifiedBytes: number): void;
  done(): void;
  /** It cannot go on. */
  failed(because: string): void;
}

export interface SwarmFileConfig {
  /** What the page has of the file already, or is about to have: its pieces are verified and given to others. */
  readonly head?: FileHead | undefined;
  readonly use: SupplyView['use'];
  readonly trackers: readonly string[];
  readonly rtc: RTCConfiguration;
  /** bytes/s; infinity is no cap */
  readonly maxUploadRate: number;
  readonly mayUpload: () => boolean;
}

/** How often the edge's part is decided. */
const DECIDE_EVERY_MS = 250;
/** Peers that sent nothing for so long are not waited for. */
const SILENT_AFTER_MS = 2_000;
/** What is shared is kept in memory, for as long as the page is open. */
const MAX_BYTES = 512 * 1024 * 1024;
const UPLOAD_SLOTS = 10;
/** However fast the edge is. Playback only wants a little more than it plays: what is asked for, peers cannot give. */
const MAX_WEB_SEED_PIECES = { download: 256, playback: 2 } as const;

/**
 * A page that plays a file and downloads it, too, is in its swarm twice, and one gives to the other. That saves the edge,
 * but it comes from no other viewer, and is counted nowhere.
 */
const ownPeers = new Set<string>();

/** One file of a swarm: its pieces come verified from peers and from the edge as web seed. */
export class SwarmFile {
  readonly #config: SwarmFileConfig;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listener: SwarmFileListener;
  readonly #client: WebTorrent;
  readonly #torrent: Torrent;
  readonly #blame = new Blame<Wire>();
  readonly #banned = new Set<string>();
  readonly #ready: Promise<TorrentFile>;
  readonly #supply = new SupplyMeter(DECIDE_EVERY_MS);
  #asksEdge = true;
  #lastFromPeerAt = Number.NEGATIVE_INFINITY;
  #verifiedBytes = 0;
  #cancel: () => void;
  #ended = false;
  /** How long playback can go on with what is here, s; the player sets it. */
  aheadSeconds = 0;

  /** @param metainfo the `.torrent` */
  constructor(
    { WebTorrent: NewClient, MemoryStore }: Client,
    metainfo: Uint8Array,
    config: SwarmFileConfig,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
    listener: SwarmFileListener,
  ) {
    this.#random = random;
    this.#config = config;
    this.#clock = clock;
    this.#listener = listener;
    const uploadLimit = Number.isFinite(config.maxUploadRate) ? Math.max(1, Math.round(config.maxUploadRate)) : -1;
    this.#client = new NewClient({ tracker: { rtcConfig: config.rtc }, uploadLimit });
    this.#client.on('error', (error) => this.#fail(String(error)));
    this.#torrent = this.#client.add(metainfo, {
      announce: config.trackers,
      // The client's own store on disk belongs to the whole site: one page that ends takes it away from another.
      store: MemoryStore,
      uploads: config.mayUpload() ? UPLOAD_SLOTS : false,
      strategy: 'sequential',
      maxWebConns: MAX_WEB_SEED_PIECES[config.use],
      // Playback selects what it reads, a download begins anywhere: see `selectAll`.
      deselect: true,
    });
    ownPeers.add(this.#client.peerId);
    this.#ready = this.#watch();
    this.#cancel = clock.after(DECIDE_EVERY_MS, () => this.#tick());
  }

  /** The file, once its torrent is read. Rejects when that is none, or of several files. */
  get file(): Promise<TorrentFile> {
    return this.#ready;
  }

  /** Bytes from `start` on that are here without a gap. */
  verifiedFrom(start: number): number {
    const { pieceLength, bitfield, pieces, files } = this.#torrent;
    if (!pieceLength || !bitfield) return 0;
    let piece = Math.floor(start / pieceLength);
    while (piece < pieces.length && bitfield.get(piece)) piece += 1;
    return Math.max(0, Math.min(piece * pieceLength, files[0]?.length ?? 0) - start);
  }

  destroy(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel();
    ownPeers.delete(this.#client.peerId);
    this.#client.destroy();
  }

  #watch(): Promise<TorrentFile> {
    const torrent = this.#torrent;
    torrent.on('wire', (wire) => this.#follow(wire));
    torrent.on('verified', (index) => {
      this.#blame.verified(index);
      this.#verifiedBytes += this.#pieceBytes(index);
      this.#listener.progressed(this.#verifiedBytes);
    });
    torrent.on('done', () => this.#listener.done());
    torrent.on('warning', (warning) => this.#heedWarning(String(warning)));
    torrent.on('error', (error) => this.#fail(String(error)));
    return new Promise((resolve, reject) => {
      torrent.on('error', (error) => reject(new Error(String(error))));
      torrent.on('ready', () => {
        const [file, ...others] = torrent.files;
        if (!file || others.length > 0) reject(new Error('a torrent of one file is needed'));
        else if (file.length > MAX_BYTES) reject(new Error('the file is too large to be kept in memory'));
        else {
          if (this.#config.use === 'download') selectAll(torrent, this.#random);
          else selectHead(torrent, this.#config.head);
          resolve(file);
        }
      });
    });
  }

  #follow(wire: Wire): void {
    const listener = this.#listener;
    wire.on('piece', (index) => this.#blame.received(index, wire));
    if (wire.type === 'webSeed') {
      readFromEdge(this.#torrent, wire, this.#config.head, () => this.#asksEdge);
      wire.on('download', (bytes) => {
        this.#supply.fromEdge(bytes);
        listener.receivedFromEdge(bytes);
      });
      return;
    }
    if (this.#banned.has(wire.peerId)) {
      wire.destroy();
      return;
    }
    const isOwn = ownPeers.has(wire.peerId);
    wire.on('download', (bytes) => {
      this.#lastFromPeerAt = this.#clock.now();
      this.#supply.fromPeer(bytes);
      if (isOwn) return;
      listener.receivedFromPeer(bytes);
    });
    if (isOwn) return;
    wire.on('upload', (bytes) => listener.uploaded(bytes));
    listener.peerConnected(wire.peerId);
    wire.once('close', () => listener.peerDisconnected(wire.peerId));
  }

  /** The client itself would ask the same source for the same piece again, for ever. */
  #heedWarning(warning: string): void {
    const [, index] = /Piece (\d+) failed verification/.exec(warning) ?? [];
    if (index === undefined) return;
    this.#listener.pieceRejected(this.#pieceBytes(Number(index)));
    for (const wire of this.#blame.failed(Number(index))) {
      this.#banned.add(wire.peerId);
      this.#listener.peerRejected(wire.type === 'webSeed' ? 'edge' : wire.peerId);
      wire.destroy();
      if (wire.type === 'webSeed') this.#webSeedRejected();
    }
  }

  #webSeedRejected(): void {
    if (!this.#peersHaveAll()) this.#fail('the edge sends another file than its torrent describes');
  }

  #fail(because: string): void {
    if (this.#ended) return;
    this.#listener.failed(because);
  }

  #tick(): void {
    this.#cancel = this.#clock.after(DECIDE_EVERY_MS, () => this.#tick());
    const mayUpload = this.#config.mayUpload();
    this.#torrent._rechokeNumSlots = mayUpload ? UPLOAD_SLOTS : 0;
    this.#supply.look(this.#asksEdge);
    this.#asksEdge = wantsWebSeed(this.#view());
    for (const wire of this.#torrent.wires) {
      if (wire.type === 'webSeed') hold(wire, !this.#asksEdge);
      else if (!mayUpload) wire.choke();
    }
  }

  #view(): SupplyView {
    const { peerRate, edgeRate, edgeCapacity } = this.#supply;
    if (this.#config.use === 'download') return { use: 'download', peerRate, edgeRate, edgeCapacity };
    const peersDeliver = this.#clock.now() - this.#lastFromPeerAt < SILENT_AFTER_MS;
    return { use: 'playback', aheadSeconds: this.aheadSeconds, peersDeliver, peersHaveAll: this.#peersHaveAll() };
  }

  #peersHaveAll(): boolean {
    const { pieces, bitfield, wires } = this.#torrent;
    const peers = wires.filter(({ type }) => type === 'webrtc');
    if (peers.length === 0 || !bitfield) return false;
    return pieces.every((_, index) => bitfield.get(index) || peers.some(({ peerPieces }) => peerPieces.get(index)));
  }

  #pieceBytes(index: number): number {
    const { pieceLength, files } = this.#torrent;
    return Math.min(pieceLength, (files[0]?.length ?? 0) - index * pieceLength);
  }
}
