import {
  type ByteRange,
  hexOf,
  pathOfUrl,
  renditionNumber,
  SEGMENT_KEY_BYTES,
  segmentIdentity,
} from '@nearcast/protocol';
import type { Hashing } from './hashing.ts';

/** More segments than a day of two-second ones is not remembered. */
const MAX_REMEMBERED = 50_000;

/** The keys of segments and the numbers of renditions, hashed once. */
export class SegmentKeys {
  readonly #hashing: Hashing;
  readonly #keys = new Map<string, string>();
  readonly #renditions = new Map<string, number>();
  readonly #waiting = new Map<string, ((key: string) => void)[]>();

  constructor(hashing: Hashing) {
    this.#hashing = hashing;
  }

  /** The key, if it is known already. */
  known(url: string, range: ByteRange | undefined): string | undefined {
    return this.#keys.get(nameOf(url, range));
  }

  keyOf(url: string, range: ByteRange | undefined, done: (key: string) => void): void {
    const name = nameOf(url, range);
    const known = this.#keys.get(name);
    if (known !== undefined) {
      done(known);
      return;
    }
    const waiting = this.#waiting.get(name);
    if (waiting) {
      waiting.push(done);
      return;
    }
    this.#waiting.set(name, [done]);
    this.hashIdentity(url, range, (hash) => {
      const key = hexOf(hash);
      if (this.#keys.size >= MAX_REMEMBERED) this.#keys.clear();
      this.#keys.set(name, key);
      for (const tell of this.#waiting.get(name) ?? []) tell(key);
      this.#waiting.delete(name);
    });
  }

  /** The number of a rendition, or nothing while it is being hashed: ask again. */
  renditionNumber(playlistUrl: string): number | undefined {
    const known = this.#renditions.get(playlistUrl);
    if (known !== undefined) return known;
    this.hashIdentity(playlistUrl, undefined, (hash) => {
      this.#renditions.set(playlistUrl, renditionNumber(hash));
    });
    return this.#renditions.get(playlistUrl);
  }

  /** @param place its URL, or the path alone */
  hashIdentity(place: string, range: ByteRange | undefined, done: (key: Uint8Array) => void): void {
    const identity = new TextEncoder().encode(segmentIdentity(pathOfUrl(place) ?? place, range));
    this.#hashing.sha256(identity, (hash) => done(hash.subarray(0, SEGMENT_KEY_BYTES)));
  }
}

function nameOf(url: string, range: ByteRange | undefined): string {
  return range ? `${url}|${range.start}-${range.end}` : url;
}
