/** The stock client, as far as tests use it. */
declare module 'webtorrent' {
  interface Torrent {
    readonly files: readonly { arrayBuffer(): Promise<ArrayBuffer> }[];
    on(event: 'done', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
  }
  export class WebTorrent {
    constructor(
      options: Readonly<Record<'dht' | 'lsd' | 'natUpnp' | 'natPmp' | 'utp', boolean>> & {
        readonly tracker: { readonly rtcConfig: RTCConfiguration };
      },
    );
    add(magnet: string, options: { path: string }): Torrent;
    on(event: 'error', listener: (error: Error) => void): void;
    destroy(done: () => void): void;
  }
  // biome-ignore lint/style/noDefaultExport: that is how the library exports it
  export default WebTorrent;
}
