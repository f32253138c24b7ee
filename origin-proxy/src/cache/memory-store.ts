import { LRUCache } from 'lru-cache';
import type { ObjectKind } from './freshness.ts';

/** A whole object as the origin sent it. */
export interface CachedObject {
  readonly kind: ObjectKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** When it came, ms since 1970. */
  readonly storedAt: number;
  readonly freshUntil: number;
}

/** What is counted beside the body: headers, key, the map's own entry. */
const OVERHEAD_BYTES = 1024;

/** The hottest objects, bounded in bytes. */
export class MemoryStore {
  readonly #objects: LRUCache<string, CachedObject>;

  constructor(maxBytes: number, evicted: () => void) {
    this.#objects = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (object) => object.body.byteLength + OVERHEAD_BYTES,
      dispose: (_object, _key, reason) => {
        if (reason === 'evict') evicted();
      },
    });
  }

  get bytes(): number {
    return this.#objects.calculatedSize;
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key);
  }

  /** An object larger than the whole store is not kept. */
  set(key: string, object: CachedObject): void {
    this.#objects.set(key, object);
  }
}
