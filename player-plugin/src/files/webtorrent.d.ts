/** What Nearcast uses of WebTorrent's browser bundle. */
declare module 'webtorrent/dist/webtorrent.min.js' {
  export interface Wire {
    readonly type: 'webrtc' | 'webSeed';
    readonly peerId: string;
    /** Whether this peer does not serve us now; requests are not sent while it is true. */
    peerChoking: boolean;
    /** Asked of this peer, and not yet here. */
    readonly requests: readonly unknown[];
    /** Pieces that this peer has. */
    readonly peerPieces: { get(index: number): boolean };
    /** @param bytes that came just now @returns bytes/s; so much is asked for at once as comes in a second */
    downloadSpeed: (bytes?: number) => number;
    choke(): void;
    emit(event: 'unchoke'): void;
    destroy(): void;
    on(event: 'download' | 'upload', listener: (bytes: number) => void): void;
    on(event: 'piece', listener: (index: number) => void): void;
    once(event: 'close', listener: () => void): void;
  }
  export interface WebSeedConn {
    httpRequest?: (
      piece: number,
      offset: number,
      length: number,
      done: (error: unknown, bytes?: Uint8Array) => void,
    ) => void;
  }
  export interface TorrentFile {
    readonly name: string;
    readonly length: number;
    readonly type: string;
    /** Ends with `done` also when the torrent is destroyed. Both bounds are included. */
    [Symbol.asyncIterator](range: { start: number; end: number }): AsyncIterator<Uint8Array>;
    blob(): Promise<Blob>;
  }
  export interface Torrent {
    readonly infoHash: string;
    readonly files: readonly TorrentFile[];
    readonly pieceLength: number;
    readonly pieces: readonly unknown[];
    readonly bitfield: { get(index: number): boolean };
    readonly wires: readonly Wire[];
    readonly done: boolean;
    /** Not in its documentation. A web seed's `conn` plays the part of a remote peer; `httpRequest` gets its pieces. */
    readonly _peers: ReadonlyMap<string, { readonly wire: Wire | null; readonly conn: WebSeedConn | null }>;
    /** Not in its documentation: how many peers are served at once; `uploads` of `add` sets it for the beginning. */
    _rechokeNumSlots: number;
    /**
     * Both pieces are included; higher priorities come first. Not in its documentation, but the documented `select`
     * joins selections that touch, and the order is lost; it does not when told that it is for a stream.
     */
    _select(from: number, to: number, priority: number, notify: undefined, isForStream: true): void;
    on(event: 'ready' | 'done' | 'noPeers', listener: () => void): void;
    on(event: 'wire', listener: (wire: Wire) => void): void;
    on(event: 'verified', listener: (index: number) => void): void;
    on(event: 'warning' | 'error', listener: (error: Error | string) => void): void;
  }
  export interface AddOptions {
    announce?: readonly string[];
    store?: unknown;
    uploads?: number | false;
    strategy?: 'sequential' | 'rarest';
    deselect?: boolean;
    /** Requests to one web seed at once. */
    maxWebConns?: number;
  }
  export class WebTorrent {
    readonly peerId: string;
    constructor(options: { tracker: { rtcConfig: RTCConfiguration }; uploadLimit: number });
    add(torrent: Uint8Array, options: AddOptions): Torrent;
    on(event: 'error', listener: (error: Error | string) => void): void;
    destroy(): void;
  }
  // biome-ignore lint/style/noDefaultExport: that is how the library exports it
  export default WebTorrent;
}
