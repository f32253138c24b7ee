import type { Ask } from '../cache/ask.ts';
import type { WholeObject } from '../cache/cached-object.ts';
import type { Manifests } from '../integrity/manifests.ts';
import type { LivePlaylists } from './live-playlists.ts';
import { type MediaReference, readPlaylist } from './read-playlist.ts';
import { upcoming } from './upcoming.ts';

export interface PrefetchDeps {
  readonly live: LivePlaylists;
  readonly manifests: Manifests;
  /** The request for a path and query, as a client that was told the playlist would make it. */
  readonly askFor: (pathAndQuery: string, like: Ask) => Ask | undefined;
  readonly fetched: () => void;
}

/** Fetches on their way because of playlists; what is announced beyond that, viewers will ask for. */
const MAX_RUNNING = 64;

/**
 * Fetches and hashes what a live playlist names as soon as it is seen: all viewers will want it within the second, and
 * none of them waits for more than the transfer then.
 */
export class Prefetch {
  readonly #deps: PrefetchDeps;
  #running = 0;

  constructor(deps: PrefetchDeps) {
    this.#deps = deps;
  }

  /** A playlist came from the origin. */
  playlistFetched(ask: Ask, { body, head }: WholeObject): void {
    if (head.kind !== 'playlist' || head.status !== 200) return;
    const playlist = readPlaylist(body.toString('utf8'));
    if (playlist.is !== 'media') return;
    const news = this.#deps.live.seen(playlistName(ask.key), ask, playlist);
    if (!news) return;
    const { there, hinted } = upcoming(news.before, playlist);
    const withinMs = 3 * playlist.targetSeconds * 1000;
    for (const reference of hinted) this.#fetch(ask, reference, withinMs);
    for (const reference of there) this.#fetch(ask, reference, undefined);
  }

  #fetch(playlist: Ask, { uri, range }: MediaReference, withinMs: number | undefined): void {
    const url = URL.canParse(uri, EDGE + playlist.path) ? new URL(uri, EDGE + playlist.path) : undefined;
    if (url?.origin !== EDGE || this.#running >= MAX_RUNNING) return;
    const ask = this.#deps.askFor(url.pathname + url.search, playlist);
    if (!ask) return;
    if (withinMs !== undefined) this.#deps.live.expect(ask.path, withinMs);
    const expected = withinMs === undefined ? ask : { ...ask, isExpected: true, headersTimeoutMs: withinMs };
    this.#running += 1;
    this.#deps.fetched();
    this.#deps.manifests
      .of(expected, range)
      // Whatever goes wrong goes wrong again for the viewer who asks, who is told.
      .catch(() => undefined)
      .finally(() => {
        this.#running -= 1;
      });
  }
}

/** Only references that lead back to the edge are its own to fetch. */
const EDGE = 'http://edge.invalid';

/** The key without the directives of a blocking reload: whoever waits for a segment waits for the same playlist. */
export function playlistName(key: string): string {
  const [path = '', query = ''] = key.split('?', 2);
  const kept = query.split('&').filter((parameter) => parameter !== '' && !/^_HLS_(?:msn|part)=/.test(parameter));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
