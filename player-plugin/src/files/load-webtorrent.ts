import type ChunkStore from 'memory-chunk-store';
import type WebTorrent from 'webtorrent/dist/webtorrent.min.js';

export interface Client {
  readonly WebTorrent: typeof WebTorrent;
  readonly MemoryStore: typeof ChunkStore;
}

/** The client weighs more than the rest of Nearcast: it is loaded by those pages alone that share files. */
export async function loadWebTorrent(): Promise<Client> {
  const [client, store] = await Promise.all([
    import('webtorrent/dist/webtorrent.min.js'),
    import('memory-chunk-store'),
  ]);
  return { WebTorrent: client.default, MemoryStore: store.default };
}
