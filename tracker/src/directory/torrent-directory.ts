import type { TorrentSwarms } from '../swarm/torrent-swarms.ts';

/** The way from connections to the swarms of the WebTorrent dialect; `TorrentSwarms` itself is that of one process alone. */
export type TorrentDirectory = Pick<TorrentSwarms, 'announce' | 'answer' | 'scrape' | 'disconnect'>;
