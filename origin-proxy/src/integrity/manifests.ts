import { type ByteRange, MAX_SEGMENT_BYTES } from '@nearcast/protocol';
import { LRUCache } from 'lru-cache';
import type { Ask } from '../cache/ask.ts';
import { ArrivingContent, type Content, WholeContent } from '../cache/content.ts';
import type { CacheResult, MediaCache } from '../cache/media-cache.ts';
import { isKeyPath } from '../cache/object-kind.ts';
import { SlicedContent } from '../cache/slices.ts';
import { hashChunks, hashParts } from './chunk-hashes.ts';
import { cpuTimer } from './cpu-timer.ts';
import { segmentKey, signManifest } from './manifest.ts';
import type { SignedLedger } from './signed-ledger.ts';
import type { SigningKeys } from './signing-keys.ts';

export type NoManifestReason =
  | 'no-segment'
  | 'no-such-range'
  | 'too-large'
  | 'not-cacheable'
  | 'encoded'
  | 'unproven'
  | 'changed';

/** Why there is no manifest for something. Its viewers do without peers. */
export class NoManifest extends Error {
  readonly reason: NoManifestReason;
  /** What the origin answered instead of the segment. */
  readonly status: number | undefined;

  constructor(reason: NoManifestReason, sentence: string, status?: number) {
    super(sentence);
    this.name = 'NoManifest';
    this.reason = reason;
    this.status = status;
  }
}

export interface ManifestDeps {
  readonly cache: MediaCache;
  readonly keys: SigningKeys;
  readonly ledger: SignedLedger;
  /** Told the processor time of a signature. */
  readonly signed: (seconds: number) => void;
}

export interface FoundManifest {
  readonly bytes: Buffer;
  readonly head: Content['head'];
  readonly result: CacheResult;
}

/** Byte ranges of one object that are remembered: a file of a long film has thousands, of 3 KiB each. */
const MAX_RANGES = 4096;

/** The manifests of what the cache holds: made once for each version of an object, and gone with it. */
export class Manifests {
  readonly #deps: ManifestDeps;
  /** By what holds the bytes, so that a manifest never outlives the bytes it is about. */
  readonly #made = new WeakMap<object, LRUCache<string, Promise<Buffer>>>();

  constructor(deps: ManifestDeps) {
    this.#deps = deps;
  }

  /** @throws {NoManifest} @throws {OriginError} when the segment cannot be had */
  async of(given: Ask, range?: ByteRange): Promise<FoundManifest> {
    if (isKeyPath(given.path)) throw new NoManifest('no-segment', 'keys come from the edge alone');
    const ask: Ask = range ? { ...given, needsBytes: range.end } : given;
    const { content, result } = await this.#deps.cache.open(ask);
    try {
      checkSuitable(content);
      const made = this.#madeOf(content);
      const name = range ? `${range.start}-${range.end}` : 'whole';
      const known = made.get(name);
      const manifest = known ?? this.#make(ask.path, content, range);
      if (!known) {
        made.set(name, manifest);
        manifest.catch(() => made.delete(name));
      }
      return { bytes: await manifest, head: content.head, result: known ? 'hit' : result === 'hit' ? 'miss' : result };
    } finally {
      content.close();
    }
  }

  #madeOf(content: Content): LRUCache<string, Promise<Buffer>> {
    const holder = holderOf(content);
    const made = this.#made.get(holder) ?? new LRUCache({ max: MAX_RANGES });
    this.#made.set(holder, made);
    return made;
  }

  async #make(path: string, content: Content, range: ByteRange | undefined): Promise<Buffer> {
    const { size, hashes } = await hashesOf(content, range);
    const { keys, ledger, signed } = this.#deps;
    if (!ledger.admits(segmentKey(path, range), path, size, hashes)) {
      throw new NoManifest(
        'changed',
        'the segment is not the one that was signed under this name; purge it to sign this one',
      );
    }
    const spent = cpuTimer();
    const manifest = signManifest({ path, range, size, hashes }, keys);
    signed(spent());
    return manifest;
  }
}

/** @throws {NoManifest} */
function checkSuitable(content: Content): void {
  const { status, kind, headers } = content.head;
  if (status !== 200) throw new NoManifest('no-segment', `the origin answered ${status}`, status);
  if (kind === 'playlist') throw new NoManifest('no-segment', 'playlists have no manifest');
  if (content.isPassed) throw new NoManifest('not-cacheable', 'the origin does not let this be cached');
  // A browser decodes before a player sees the bytes; the hashes would be of others.
  if (headers['content-encoding'] !== undefined) throw new NoManifest('encoded', 'the origin sends this encoded');
  if (content instanceof ArrivingContent && !content.isProven) {
    throw new NoManifest('unproven', 'the origin does not mark where this ends');
  }
}

function holderOf(content: Content): object {
  if (content instanceof WholeContent) return content.object.body;
  if (content instanceof SlicedContent) return content.object;
  return content instanceof ArrivingContent ? (content.fill.body.storage ?? content.fill) : content;
}

/** @throws {NoManifest} */
async function hashesOf(content: Content, range: ByteRange | undefined): Promise<{ size: number; hashes: Buffer }> {
  if (!range && content instanceof ArrivingContent) {
    const whole = await content.fill.whole;
    if (!whole) throw tooLarge();
    return checkedSize({ size: whole.body.byteLength, hashes: whole.hashes });
  }
  if (!range && content instanceof WholeContent) {
    return checkedSize({ size: content.size, hashes: content.object.hashes });
  }
  const { start, end } = range ?? { start: 0, end: content.size ?? 0 };
  const size = end - start;
  if (size > MAX_SEGMENT_BYTES) throw tooLarge();
  if (content.size !== undefined && end > content.size) throw noSuchRange();
  checkedSize({ size });
  if (content instanceof WholeContent) return { size, hashes: await hashChunks(content.body.subarray(start, end)) };
  const hashes = await hashParts(content.read(start, end), size);
  if (!hashes) throw noSuchRange();
  return { size, hashes };
}

/** [M5], and nothing can be said about nothing. */
function checkedSize<T extends { readonly size: number }>(found: T): T {
  if (found.size === 0) throw new NoManifest('no-segment', 'the segment is empty');
  if (found.size > MAX_SEGMENT_BYTES) throw tooLarge();
  return found;
}

function tooLarge(): NoManifest {
  return new NoManifest('too-large', 'this is larger than a segment may be');
}

function noSuchRange(): NoManifest {
  return new NoManifest('no-such-range', 'the file has no such range');
}
