import { Collapse } from '../origin/collapse.ts';
import type { CacheStore } from './cache-store.ts';
import type { CachedObject } from './cached-object.ts';
import type { MemoryStore } from './memory-store.ts';

/** What will be stale so soon is not worth a write. */
const WORTH_DISK_SECONDS = 60;

/** Memory over disk: what is asked for moves up, everything that lasts goes down. */
export class TieredStore {
  readonly memory: MemoryStore;
  readonly #disk: CacheStore | undefined;
  readonly #loading = new Collapse<CachedObject | undefined>();
  /** How many purges there have been: what was read from disk before one must not come up after it. */
  #purges = 0;

  constructor(memory: MemoryStore, disk: CacheStore | undefined) {
    this.memory = memory;
    this.#disk = disk;
  }

  /** At once when it is in memory. */
  find(key: string): CachedObject | undefined | Promise<CachedObject | undefined> {
    const hot = this.memory.get(key);
    if (hot || !this.#disk) return hot;
    return (
      this.#loading.join(key) ??
      this.#loading.start(
        key,
        () => this.#load(key),
        async () => undefined,
      )
    );
  }

  set(object: CachedObject): void {
    this.memory.set(object);
    if (!this.#disk) return;
    const { key } = object;
    const lasts = object.is === 'variants' || object.head.freshness.freshSeconds >= WORTH_DISK_SECONDS;
    // What the disk has under this key is outdated either way.
    if (!lasts) return void this.#disk.delete(key);
    const written = Promise.resolve(this.#disk.set(object));
    if (object.is === 'whole') void written.finally(this.memory.hold(object.body));
  }

  delete(key: string): void {
    this.memory.delete(key);
    void this.#disk?.delete(key);
  }

  /** @returns how many objects are gone */
  async purge(prefix: string): Promise<number> {
    this.#purges += 1;
    this.#loading.forget(prefix);
    const hot = this.memory.purge(prefix);
    // Most are in both tiers.
    return Math.max(hot, (await this.#disk?.purge(prefix)) ?? 0);
  }

  async #load(key: string): Promise<CachedObject | undefined> {
    const purges = this.#purges;
    const object = await this.#disk?.get(key);
    // Something newer may have come while the disk was read.
    const newer = this.memory.get(key);
    if (newer || !object || purges !== this.#purges) return newer;
    this.memory.set(object);
    return object;
  }
}
