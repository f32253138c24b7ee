import type { Ask } from '../cache/ask.ts';
import type { Found, MediaCache } from '../cache/media-cache.ts';
import { OriginError } from '../origin/origin.ts';
import type { LivePlaylists } from '../playlist/live-playlists.ts';
import { playlistName } from '../playlist/prefetch.ts';
import { reloadDirectives } from './reload-directives.ts';
import type { Target } from './request-target.ts';

/** A blocking reload that no server may answer well, or that took too long: RFC 8216bis §6.2.5.2. */
export class ReloadRefused extends Error {
  readonly status: 400 | 503;

  constructor(status: 400 | 503, sentence: string) {
    super(sentence);
    this.name = 'ReloadRefused';
    this.status = status;
  }
}

/** Opens what is asked for, with what low-latency HLS wants of a cache: blocking reloads, and parts before they exist. */
export class LowLatency {
  readonly #cache: MediaCache;
  readonly #live: LivePlaylists;

  constructor(cache: MediaCache, live: LivePlaylists) {
    this.#cache = cache;
    this.#live = live;
  }

  /** @throws {ReloadRefused} @throws {OriginError} */
  async open(ask: Ask, target: Target): Promise<Found> {
    const expectedMs = this.#live.expectedWithin(ask.path);
    if (expectedMs !== undefined) {
      return await this.#cache.open({ ...ask, isExpected: true, headersTimeoutMs: expectedMs });
    }
    // Only what is part of the key was meant for a playlist.
    const directives = ask.key.includes('_HLS_') ? reloadDirectives(target) : undefined;
    if (directives === undefined) return await this.#cache.open(ask);
    if ('status' in directives) throw new ReloadRefused(400, directives.why);
    const { judgement, newest } = this.#live.judge(playlistName(ask.key), directives);
    switch (judgement.is) {
      case 'refused':
        throw new ReloadRefused(400, judgement.why);
      case 'there':
        return await this.#cache.open(newest && (await this.#cache.peek(newest)) ? newest : ask);
      case 'wait':
        return await this.#openWithin(ask, judgement.withinMs);
    }
  }

  /** "If the request is blocked for more than three target durations, the server should return 503." */
  async #openWithin(ask: Ask, withinMs: number): Promise<Found> {
    try {
      return await this.#cache.open({ ...ask, headersTimeoutMs: withinMs });
    } catch (error) {
      if (!(error instanceof OriginError) || error.reason !== 'timeout') throw error;
      throw new ReloadRefused(503, 'the stream has stopped');
    }
  }
}
