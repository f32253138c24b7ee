import type { CachedObject } from './cached-object.ts';

/** Where objects are kept. What it gives is whole and unchanged, or nothing; that it keeps something is no promise. */
export interface CacheStore {
  /** Bytes that count against its bound. */
  readonly bytes: number;
  get(key: string): Promise<CachedObject | undefined> | CachedObject | undefined;
  /** Replaces what was under the object's key. */
  set(object: CachedObject): Promise<void> | void;
  delete(key: string): Promise<void> | void;
  /** @returns how many objects went, all those whose key begins with `prefix` */
  purge(prefix: string): Promise<number> | number;
}
