import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

interface Signed {
  readonly path: string;
  readonly digest: string;
  /** When a manifest of it was last given out, ms since 1970. */
  readonly at: number;
}

/** About 20 MiB of memory. */
const MAX_REMEMBERED = 100_000;
/** Viewers keep segments for minutes; after an hour without a request nobody plays what was signed then. */
const REMEMBERED_MS = 60 * 60 * 1000;

/**
 * What has been signed under which key. A manifest carries no date: if an object became another one under its URL and
 * both were signed, viewers could be given either as genuine. So the second is not signed, and the segment comes from
 * the edge alone, until the first is forgotten or the operator says by a purge that the change is meant.
 */
export class SignedLedger {
  readonly #signed = new LRUCache<string, Signed>({ max: MAX_REMEMBERED });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether these bytes may be signed under this key; if so, no others may from now on. */
  admits(key: Buffer, path: string, size: number, hashes: Uint8Array): boolean {
    const name = key.toString('base64');
    const digest = createHash('sha256').update(`${size}\n`).update(hashes).digest('base64');
    const known = this.#signed.get(name);
    const at = this.#clock.now();
    if (known && known.digest !== digest && at - known.at < REMEMBERED_MS) return false;
    this.#signed.set(name, { path, digest, at });
    return true;
  }

  forget(prefix: string): void {
    for (const [name, { path }] of this.#signed.entries()) if (path.startsWith(prefix)) this.#signed.delete(name);
  }
}
