import { chunkCount, chunkRange, type Manifest } from '@nearcast/protocol';

/** A segment of which some or all chunks are here. Only verified chunks ever get in. */
export interface CachedSegment {
  readonly key: string;
  readonly manifest: Manifest;
  /** The manifest as it came, to be passed on. */
  readonly encodedManifest: Uint8Array;
  readonly chunks: readonly (Uint8Array | undefined)[];
  readonly isWhole: boolean;
}

interface Entry extends CachedSegment {
  readonly chunks: (Uint8Array | undefined)[];
  heldChunks: number;
  isWhole: boolean;
}

/** What viewers share with each other, bounded in bytes. The longest unused goes first. */
export class SegmentCache {
  readonly #maxBytes: number;
  readonly #dropped: (key: string) => void;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param dropped told of every segment that is no longer here, for those who were told that it is */
  constructor(maxBytes: number, dropped: (key: string) => void) {
    this.#maxBytes = maxBytes;
    this.#dropped = dropped;
  }

  get(key: string): CachedSegment | undefined {
    return this.#entries.get(key);
  }

  segments(): Iterable<CachedSegment> {
    return this.#entries.values();
  }

  /** Opens a segment, so that chunks can be put into it. */
  open(key: string, manifest: Manifest, encodedManifest: Uint8Array): CachedSegment {
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry = {
      key,
      manifest,
      encodedManifest,
      chunks: new Array<Uint8Array | undefined>(chunkCount(manifest)),
      heldChunks: 0,
      isWhole: false,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** @returns whether the chunk is new here */
  put(key: string, chunk: number, bytes: Uint8Array): boolean {
    const entry = this.#entries.get(key);
    if (!entry || entry.chunks[chunk] !== undefined) return false;
    entry.chunks[chunk] = bytes;
    entry.heldChunks += 1;
    entry.isWhole = entry.heldChunks === entry.chunks.length;
    this.#bytes += bytes.byteLength;
    this.touch(key);
    this.#makeRoom(key);
    return true;
  }

  touch(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  /** Lets go of a segment without a word: nobody can want it any more. */
  forget(key: string): void {
    for (const bytes of this.#entries.get(key)?.chunks ?? []) this.#bytes -= bytes?.byteLength ?? 0;
    this.#entries.delete(key);
  }

  /** The whole segment in a buffer of its own: hls.js transfers what it is given, which would empty ours. */
  assemble(key: string): ArrayBuffer | undefined {
    const entry = this.#entries.get(key);
    if (!entry?.isWhole) return undefined;
    const whole = new Uint8Array(entry.manifest.size);
    entry.chunks.forEach((bytes, chunk) => {
      if (bytes) whole.set(bytes, chunkRange(entry.manifest, chunk).start);
    });
    this.touch(key);
    return whole.buffer;
  }

  #makeRoom(keep: string): void {
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      if (key === keep) continue;
      this.forget(key);
      this.#dropped(key);
    }
  }
}
