import { LRUCache } from 'lru-cache';
import type { Ask } from '../cache/ask.ts';
import type { Clock } from '../clock.ts';
import { type Directives, type Judgement, judgeBlockingReload } from './blocking-reload.ts';
import type { MediaPlaylist } from './read-playlist.ts';

interface Newest {
  readonly playlist: MediaPlaylist;
  /** How it can be had from the cache. */
  readonly ask: Ask;
  /** ms since 1970 */
  readonly seenAt: number;
}

/** About 10 KiB each, for a window of a hundred segments. */
const MAX_PLAYLISTS = 1_000;
/** Paths that playlists announced; the newest of some hundred streams. */
const MAX_HINTED = 10_000;

/** The newest state of each live playlist that passed through here. */
export class LivePlaylists {
  readonly #newest = new LRUCache<string, Newest>({ max: MAX_PLAYLISTS });
  /** Paths that playlists say will be there soon, and until when that counts, ms since 1970. */
  readonly #hinted = new LRUCache<string, number>({ max: MAX_HINTED });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param name of the playlist, however it was asked for
   * @returns the one before, when this one is newer
   */
  seen(name: string, ask: Ask, playlist: MediaPlaylist): { before: MediaPlaylist | undefined } | undefined {
    const known = this.#newest.get(name);
    if (known && !isNewer(playlist, known.playlist) && !this.#mayHaveRestarted(known)) return undefined;
    this.#newest.set(name, { playlist, ask, seenAt: this.#clock.now() });
    return { before: known?.playlist };
  }

  judge(name: string, directives: Directives): { judgement: Judgement; newest: Ask | undefined } {
    const newest = this.#newest.get(name);
    const age = newest ? (this.#clock.now() - newest.seenAt) / 1000 : 0;
    return { judgement: judgeBlockingReload(directives, newest?.playlist, age), newest: newest?.ask };
  }

  expect(path: string, withinMs: number): void {
    this.#hinted.set(path, this.#clock.now() + withinMs);
  }

  /** How long a request for this may have to wait, when a playlist announced it; ms. */
  expectedWithin(path: string): number | undefined {
    const until = this.#hinted.get(path) ?? 0;
    const leftMs = until - this.#clock.now();
    return leftMs > 0 ? leftMs : undefined;
  }

  forget(prefix: string): void {
    for (const name of this.#newest.keys()) if (name.startsWith(prefix)) this.#newest.delete(name);
  }

  /** A stream that begins anew counts from 0 again; its old end must not be believed for ever. */
  #mayHaveRestarted({ playlist, seenAt }: Newest): boolean {
    return this.#clock.now() - seenAt > 2 * playlist.targetSeconds * 1000;
  }
}

function isNewer(one: MediaPlaylist, other: MediaPlaylist): boolean {
  if (one.lastSequence !== other.lastSequence) return one.lastSequence > other.lastSequence;
  return one.lastPart > other.lastPart || (one.hasEnded && !other.hasEnded);
}
