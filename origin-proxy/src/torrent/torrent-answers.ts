import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ask } from '../cache/ask.ts';
import { BufferContent, type Content } from '../cache/content.ts';
import { encodeTorrent, magnetOf } from './metainfo.ts';
import type { NoTorrent, NoTorrentReason } from './no-torrent.ts';
import type { TorrentConfig } from './torrent-config.ts';
import type { Torrents } from './torrents.ts';

const SUFFIX = '.torrent';
const CONTENT_TYPE = 'application/x-bittorrent';
/** A file that can change is asked for again; the tag makes that cheap. */
const CACHE_CONTROL = 'public, no-cache';
/** Most files are hashed within that; a client of a longer one is told to come back. */
const PATIENCE_MS = 3_000;
const RETRY_AFTER_SECONDS = '2';

/** The requests for torrents, in the terms of HTTP. */
export class TorrentAnswers {
  readonly torrents: Torrents;
  readonly #config: TorrentConfig;

  constructor(torrents: Torrents, config: TorrentConfig) {
    this.torrents = torrents;
    this.#config = config;
  }

  /** The path of the file whose torrent is at this path, where there are torrents. */
  fileOf(path: string): string | undefined {
    const file = path.endsWith(SUFFIX) ? path.slice(0, -SUFFIX.length) : undefined;
    const isOurs = file !== undefined && !file.endsWith('/');
    return isOurs && this.#config.torrentPrefix.some((prefix) => file.startsWith(prefix)) ? file : undefined;
  }

  /**
   * @param carry `name=value` that this viewer's requests for the file need
   * @param now ms since 1970
   * @throws {NoTorrent} @throws {OriginError}
   */
  async answer(ask: Ask, { headers }: IncomingMessage, carry: string | undefined, now: number): Promise<Content> {
    const patience = new AbortController();
    const waiting = pause(PATIENCE_MS, undefined, { signal: patience.signal, ref: false });
    waiting.catch(() => undefined);
    const { published, info } = await this.torrents.of(ask, waiting).finally(() => patience.abort());
    const base = this.#config.publicUrl ?? `http://${headers.host}`;
    const query = [ask.key.split('?')[1], carry].filter((part) => part !== undefined).join('&');
    const sources = {
      trackers: this.#config.torrentTracker,
      webSeed: `${base}${published.path}${query === '' ? '' : `?${query}`}`,
    };
    const body = encodeTorrent(info, sources);
    const head = {
      etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"`,
      'content-type': CONTENT_TYPE,
      'cache-control': carry === undefined ? CACHE_CONTROL : 'private, no-cache',
      'x-magnet-uri': magnetOf(published.infoHash, published.name, sources),
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(published.name)}${SUFFIX}`,
    };
    const freshness = { bornAt: now, freshSeconds: 0, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 };
    return new BufferContent({ kind: 'torrent', status: 200, headers: head, freshness }, body);
  }
}

const statusOf: Readonly<Record<NoTorrentReason, number>> = {
  'no-file': 404,
  'too-large': 404,
  'not-cacheable': 404,
  encoded: 404,
  unversioned: 404,
  unproven: 404,
  changed: 503,
  'being-made': 503,
  busy: 503,
};

/** How a refusal is told. */
export function noTorrentAnswer({ reason, status = statusOf[reason] }: NoTorrent): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
} {
  return { status, headers: status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {} };
}
