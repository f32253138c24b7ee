import { LRUCache } from 'lru-cache';
import type { CacheStore } from './cache-store.ts';
import { bytesOf, type CachedObject } from './cached-object.ts';

/** Gives back what was taken; a second call does nothing. */
export type Release = () => void;

interface Reservation {
  readonly bytes: number;
  readonly grant: (release: Release) => void;
}

/**
 * What V8 lets pile up before it collects: measured 95 MB while 300 MB/s pass through (decision 0010).
 */
const MAX_UNCOLLECTED_BYTES = 96 * 1024 * 1024;

/**
 * The hottest objects. Its bound covers every body in this process: those that are cached, those that still arrive
 * (reserved), and those that were pushed out while a slow client is being sent them (held). The cached ones make room.
 */
export class MemoryStore implements CacheStore {
  readonly #objects: LRUCache<string, CachedObject>;
  readonly #maxBytes: number;
  #reservedBytes = 0;
  /** Bodies with readers: how many, and whether the cache has let go of it. */
  readonly #held = new Map<Buffer, { readers: number; isCached: boolean }>();
  #lingeringBytes = 0;
  readonly #waiting: Reservation[] = [];

  /** @param memoryBytes of all bodies, those that were let go of and are not collected yet included */
  constructor(memoryBytes: number, evicted: () => void = () => undefined) {
    this.#maxBytes = memoryBytes - Math.min(MAX_UNCOLLECTED_BYTES, Math.floor(memoryBytes / 4));
    this.#objects = new LRUCache({
      maxSize: this.#maxBytes,
      sizeCalculation: bytesOf,
      dispose: (object, _key, reason) => {
        this.#letGo(object);
        if (reason === 'evict') evicted();
      },
    });
  }

  get bytes(): number {
    return this.#objects.calculatedSize + this.#reservedBytes + this.#lingeringBytes;
  }

  /** Bytes that cannot make room: they arrive, or a client is being sent them. */
  get busyBytes(): number {
    return this.#reservedBytes + this.#lingeringBytes;
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key);
  }

  /** An object larger than the whole store is not kept. */
  set(object: CachedObject): void {
    this.#objects.set(object.key, object);
    const held = object.is === 'whole' ? this.#held.get(object.body) : undefined;
    if (held && !held.isCached && this.#objects.has(object.key)) {
      held.isCached = true;
      this.#lingeringBytes -= (object as { body: Buffer }).body.byteLength;
    }
    this.#makeRoom();
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  purge(prefix: string): number {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.#objects.delete(key);
    return keys.length;
  }

  /** Counts a body that a client is being sent for as long as it is. */
  hold(body: Buffer): Release {
    const held = this.#held.get(body) ?? { readers: 0, isCached: true };
    this.#held.set(body, held);
    held.readers += 1;
    return once(() => {
      held.readers -= 1;
      if (held.readers > 0) return;
      this.#held.delete(body);
      if (!held.isCached) this.#lingeringBytes -= body.byteLength;
      this.#grant();
    });
  }

  /**
   * Room for a body that is about to arrive, first come, first served. It waits while bodies that cannot make room fill
   * the bound; a body larger than the bound goes when no other arrives.
   * @throws the signal's reason
   */
  async reserve(bytes: number, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const reservation = { bytes, grant: resolve };
      const withdraw = () => {
        const index = this.#waiting.indexOf(reservation);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        reject(signal.reason);
        this.#grant();
      };
      signal.addEventListener('abort', withdraw, { once: true });
      this.#waiting.push(reservation);
      this.#grant();
    });
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoomFor(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      const { bytes } = next;
      this.#reservedBytes += bytes;
      this.#makeRoom();
      next.grant(
        once(() => {
          this.#reservedBytes -= bytes;
          this.#grant();
        }),
      );
    }
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#reservedBytes === 0 || this.busyBytes + bytes <= this.#maxBytes;
  }

  #makeRoom(): void {
    while (this.#objects.size > 0 && this.bytes > this.#maxBytes) this.#objects.pop();
  }

  #letGo(object: CachedObject): void {
    if (object.is !== 'whole') return;
    const held = this.#held.get(object.body);
    if (!held) return;
    held.isCached = false;
    this.#lingeringBytes += object.body.byteLength;
  }
}

function once(run: () => void): Release {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
