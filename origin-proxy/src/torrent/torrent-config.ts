import { listParser, optionsOf, parseSize, wholeNumber } from '@nearcast/service-kit';
import { InvalidArgumentError, type Option } from 'commander';

/** What an operator can set about torrents of files. */
export interface TorrentConfig {
  /** Paths under which every file has a torrent at `<file>.torrent`; without one there are none. */
  readonly torrentPrefix: readonly string[];
  /** WebSocket URLs of the trackers that torrents name. */
  readonly torrentTracker: readonly string[];
  /** BEP 27: clients find each other through the trackers alone, not by DHT or by exchanging peers. */
  readonly torrentPrivate: boolean;
  /** Bytes of the largest file that has a torrent. */
  readonly torrentMaxSize: number;
  /** Files that are hashed at once. */
  readonly torrentJobs: number;
  /** How viewers reach this edge; without it: as the request for the torrent did. */
  readonly publicUrl?: string;
}

export const torrentDefaults: TorrentConfig = {
  torrentPrefix: [],
  torrentTracker: [],
  torrentPrivate: false,
  torrentMaxSize: 4 * 1024 ** 3,
  torrentJobs: 2,
};

const option = optionsOf('NEARCAST_EDGE');
const MIB = 1024 ** 2;

export function torrentOptions(): Option[] {
  return [
    option('--torrent-prefix <paths>', 'where files have torrents, such as /files/')
      .default(torrentDefaults.torrentPrefix, 'none')
      .argParser(checkedList((path) => /^\/([^?#]*\/)?$/.test(path), 'a path that begins and ends with "/"')),
    option('--torrent-tracker <urls>', 'trackers that torrents name')
      .default(torrentDefaults.torrentTracker, 'none')
      .argParser(checkedList((url) => /^wss?:$/.test(protocolOf(url)), 'a ws:// or wss:// URL')),
    option('--torrent-private', 'clients find each other through the trackers alone').default(
      torrentDefaults.torrentPrivate,
    ),
    option('--torrent-max-size <size>', 'largest file that has a torrent')
      .default(torrentDefaults.torrentMaxSize, '4GiB')
      .argParser((text) => parseSize(text, MIB)),
    option('--torrent-jobs <number>', 'files that are hashed at once')
      .default(torrentDefaults.torrentJobs)
      .argParser(wholeNumber(1, 64)),
    option('--public-url <url>', 'how viewers reach this edge (default: as the request did)').argParser((text) => {
      if (/^https?:$/.test(protocolOf(text)) && new URL(text).pathname === '/') return text.replace(/\/$/, '');
      throw new InvalidArgumentError('It must be an http(s) URL without a path.');
    }),
  ];
}

function checkedList(isGood: (item: string) => boolean, what: string): (text: string) => string[] {
  const parse = listParser();
  return (text) => {
    const items = parse(text);
    if (!items.every(isGood)) throw new InvalidArgumentError(`Each must be ${what}.`);
    return items;
  };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
