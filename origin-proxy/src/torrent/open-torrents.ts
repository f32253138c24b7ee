import { join } from 'node:path';
import { DiskFiles } from '../cache/disk-files.ts';
import type { MediaCache } from '../cache/media-cache.ts';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics/metrics.ts';
import { TorrentAnswers } from './torrent-answers.ts';
import { TorrentShelf } from './torrent-shelf.ts';
import { Torrents } from './torrents.ts';

/** Further jobs are turned away: each client asks again anyway. */
const MAX_WAITING_JOBS = 100;

/** What serves torrents, where any path has them. @throws {Error} when the folder of the disk cache cannot be used */
export async function openTorrents(
  config: EdgeConfig,
  cache: MediaCache,
  metrics: EdgeMetrics,
  warn: (sentence: string) => void,
): Promise<{ readonly answers: TorrentAnswers; readonly shelf: TorrentShelf } | undefined> {
  if (config.torrentPrefix.length === 0) return undefined;
  // Two folders below that of the cache: its own files are one below.
  const files = config.cacheDir === undefined ? undefined : new DiskFiles(join(config.cacheDir, 'torrents'));
  const shelf = new TorrentShelf(files);
  await shelf.load();
  const { torrentPrivate: isPrivate, torrentMaxSize: maxBytes, torrentJobs } = config;
  const torrents = new Torrents(
    { isPrivate, maxBytes, jobs: { running: torrentJobs, waiting: MAX_WAITING_JOBS } },
    {
      cache,
      shelf,
      events: {
        hashed: (bytes) => metrics.torrentHashedBytes.inc(bytes),
        made: () => metrics.torrents.inc(),
        unwritten: ({ message }) => warn(`a torrent could not be kept on disk: ${message}`),
      },
    },
  );
  return { answers: new TorrentAnswers(torrents, config), shelf };
}
