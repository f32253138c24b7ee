import { LRUCache } from 'lru-cache';
import { freeBody } from './body-memory.ts';
import type { CacheStore } from './cache-store.ts';
import { bytesOf, type CachedObject } from './cached-object.ts';

/** Gives back what was taken; a second call does nothing. */
export type Release = () => void;

interface Reservation {
  readonly bytes: number;
  readonly grant: (release: Release) => void;
}

/** What comes from origins is in buffers of V8's before it is in a body, and they go when V8 collects (decision 0010). */
const MAX_UNCOLLECTED_BYTES = 96 * 1024 * 1024;

/** Who needs a body. */
interface Use {
  readers: number;
  /** `arriving`: counted by its reservation; `lingering`: the cache has let go of it, but it may be read. */
  is: 'arriving' | 'cached' | 'lingering';
}

/**
 * The hottest objects. Its bound covers every body in this process: those that are cached, those that still arrive
 * (reserved), and those that were pushed out while a slow client is being sent them (held). The cached ones make room.
 * A body is freed when it is neither cached nor held.
 */
export class MemoryStore implements CacheStore {
  readonly #objects: LRUCache<string, CachedObject>;
  readonly #maxBytes: number;
  #reservedBytes = 0;
  readonly #uses = new Map<Buffer, Use>();
  #lingeringBytes = 0;
  readonly #waiting: Reservation[] = [];
  /** Bodies that nobody needs, unless somebody has just found them. */
  #unneeded: Buffer[] = [];

  /** @param memoryBytes of all bodies, and of the buffers of connections that brought them */
  constructor(memoryBytes: number, evicted: () => void = () => undefined) {
    this.#maxBytes = memoryBytes - Math.min(MAX_UNCOLLECTED_BYTES, Math.floor((3 * memoryBytes) / 8));
    this.#objects = new LRUCache({
      maxSize: this.#maxBytes,
      sizeCalculation: bytesOf,
      dispose: (object, _key, reason) => {
        if (object.is === 'whole') this.letGo(object.body);
        if (reason === 'evict') evicted();
      },
    });
  }

  get bytes(): number {
    return this.#objects.calculatedSize + this.busyBytes;
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
    if (object.is === 'whole') {
      if (this.#objects.has(object.key)) this.#isCached(object.body);
      else this.letGo(object.body);
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

  /**
   * Counts a body for as long as someone reads it, and keeps it from being freed: to be called in the turn in which the
   * body was found, and released once the kernel has taken the last of it.
   */
  hold(body: Buffer): Release {
    const use = this.#uses.get(body) ?? { readers: 0, is: 'arriving' };
    this.#uses.set(body, use);
    use.readers += 1;
    if (use.readers === 1 && use.is === 'lingering') this.#lingeringBytes += body.byteLength;
    return once(() => {
      use.readers -= 1;
      if (use.readers > 0) return;
      if (use.is === 'arriving') this.#uses.delete(body);
      if (use.is === 'lingering') {
        this.#lingeringBytes -= body.byteLength;
        this.#freeSoon(body);
      }
      this.#grant();
    });
  }

  /** The cache does not want this body, or not any more; it is freed once nobody reads it. */
  letGo(body: Buffer): void {
    const use = this.#uses.get(body) ?? { readers: 0, is: 'arriving' };
    if (use.is === 'lingering') return;
    this.#uses.set(body, use);
    use.is = 'lingering';
    if (use.readers === 0) this.#freeSoon(body);
    else this.#lingeringBytes += body.byteLength;
  }

  /** Room for a body that is about to arrive, if there is some and nobody waits for it. */
  reserveNow(bytes: number): Release | undefined {
    return this.#waiting.length === 0 && this.#hasRoomFor(bytes) ? this.#take(bytes) : undefined;
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

  #isCached(body: Buffer): void {
    const use = this.#uses.get(body) ?? { readers: 0, is: 'cached' };
    if (use.is === 'lingering' && use.readers > 0) this.#lingeringBytes -= body.byteLength;
    use.is = 'cached';
    this.#uses.set(body, use);
  }

  /** What was found in this turn is held by the end of it; so it is looked at again after that. */
  #freeSoon(body: Buffer): void {
    this.#unneeded.push(body);
    if (this.#unneeded.length === 1) setImmediate(() => this.#freeUnneeded());
  }

  #freeUnneeded(): void {
    for (const body of this.#unneeded.splice(0)) {
      const use = this.#uses.get(body);
      if (use?.is !== 'lingering' || use.readers > 0) continue;
      this.#uses.delete(body);
      freeBody(body);
    }
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next && this.#hasRoomFor(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      next.grant(this.#take(next.bytes));
    }
  }

  #take(bytes: number): Release {
    this.#reservedBytes += bytes;
    this.#makeRoom();
    return once(() => {
      this.#reservedBytes -= bytes;
      this.#grant();
    });
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#reservedBytes === 0 || this.busyBytes + bytes <= this.#maxBytes;
  }

  #makeRoom(): void {
    while (this.#objects.size > 0 && this.bytes > this.#maxBytes) this.#objects.pop();
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
