import { createHash } from 'node:crypto';
import type { Collapse } from '../origin/collapse.ts';
import { OriginError, type OriginResponse } from '../origin/origin.ts';
import type { Ask } from './ask.ts';
import type { SlicedObject, WholeObject } from './cached-object.ts';
import { type Content, piecesOf } from './content.ts';
import type { Arrival, ObjectFetcher } from './fetch-object.ts';
import type { TieredStore } from './tiered-store.ts';

/** A whole number of every chunk size there is ([M6]): no chunk lies in two slices. */
export const SLICE_BYTES: number = 4 * 1024 * 1024;

export interface SliceDeps {
  readonly store: TieredStore;
  readonly fetcher: ObjectFetcher;
  readonly running: Collapse<Arrival>;
  /** The slices of this object do not fit each other: it must not be used any more. */
  readonly discard: (object: SlicedObject, isUnsliceable: boolean) => void;
}

/** Where the bytes of a slice are, or will be. */
interface Slice {
  /** To be held while it is read. */
  readonly body: Buffer | undefined;
  readonly read: (start: number, end: number) => Iterable<Buffer> | AsyncIterable<Buffer>;
}

/**
 * A large object that is fetched and kept in slices, each once, as they are read. All are of the version that its head
 * describes; if the origin has another by now, reading ends with an error instead of mixing the two.
 */
export class SlicedContent implements Content {
  readonly isPassed = false;
  readonly body = undefined;
  readonly object: SlicedObject;
  readonly #ask: Ask;
  readonly #deps: SliceDeps;

  constructor(object: SlicedObject, ask: Ask, deps: SliceDeps) {
    this.object = object;
    this.#ask = ask;
    this.#deps = deps;
  }

  get head(): SlicedObject['head'] {
    return this.object.head;
  }

  get size(): number {
    return this.object.size;
  }

  async arrival(): Promise<number> {
    return this.size;
  }

  async *read(start = 0, end: number = this.size): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const index = Math.floor(at / SLICE_BYTES);
      const first = index * SLICE_BYTES;
      const to = Math.min(end, first + SLICE_BYTES);
      const slice = this.#slice(index);
      // The next one is on its way while this one is sent.
      if (to < end) this.#slice(index + 1).catch(() => undefined);
      const { body, read } = await slice;
      const release = body ? this.#deps.store.memory.hold(body) : undefined;
      try {
        yield* read(at - first, to - first);
      } finally {
        release?.();
      }
      at = to;
    }
  }

  close(): void {}

  async #slice(index: number): Promise<Slice> {
    const { store, running } = this.#deps;
    const key = sliceKey(this.object, index);
    // Memory once more: it may have come while the disk was looked at.
    const kept = (await store.find(key)) ?? store.memory.get(key);
    if (kept?.is === 'whole') {
      const { body } = kept;
      return { body, read: (start, end) => piecesOf(body, start, end) };
    }
    const arrival = await (running.join(key) ?? this.#start(key, index));
    const { body } = arrival.fill;
    return { body: body.storage, read: (start, end) => body.read(start, end) };
  }

  #start(key: string, index: number): Promise<Arrival> {
    const { running } = this.#deps;
    // Joinable until it is stored: nobody asks the origin in between.
    return running.start(
      key,
      () => this.#fetch(key, index),
      (arrival) => this.#keepWhenWhole(arrival),
    );
  }

  async #keepWhenWhole({ key, object, fill, room, mayBeKept }: Arrival): Promise<void> {
    const { store, running } = this.#deps;
    const slice = await object.catch(() => undefined).finally(room);
    // A purge ends what ran before it.
    if (slice && mayBeKept && running.isRunning(key)) store.set(slice);
    else if (fill.body.storage) store.memory.letGo(fill.body.storage);
  }

  async #fetch(key: string, index: number): Promise<Arrival> {
    const { fetcher, discard } = this.#deps;
    const first = index * SLICE_BYTES;
    const last = Math.min(this.size, first + SLICE_BYTES) - 1;
    const response = await fetcher.get(this.#ask, { range: `bytes=${first}-${last}` });
    const expected = `bytes ${first}-${last}/${this.size}`;
    const isSame = isSameVersion(this.object, response);
    if (response.status !== 206 || response.headers['content-range'] !== expected || !isSame) {
      response.cancel();
      discard(this.object, isSame && response.status === 200);
      if (!isSame || response.status === 416) throw OriginError.changed();
      throw OriginError.misbehaving(`answered ${response.status} to a request for a byte range`);
    }
    const { fill, room } = await fetcher.fill(response, () => undefined);
    const { head } = this.object;
    const object = fill.whole.then((whole) => whole && ({ is: 'whole', key, head, ...whole } satisfies WholeObject));
    object.catch(() => undefined); // those who read it are told
    return {
      is: 'arriving',
      key,
      variesOn: [],
      head,
      fill,
      object,
      mayBeKept: response.endIsMarked,
      isProven: response.endIsMarked,
      room,
    };
  }
}

/** The validators are part of the key: slices of two versions never meet. Begins with the object's own, for purging. */
function sliceKey({ key, size, head }: SlicedObject, index: number): string {
  const version = JSON.stringify([size, head.headers.etag, head.headers['last-modified']]);
  return `${key}\n@${createHash('sha256').update(version).digest('base64url').slice(0, 16)}/${index}`;
}

function isSameVersion({ head }: SlicedObject, { headers }: OriginResponse): boolean {
  if (headers.etag !== undefined || head.headers.etag !== undefined) return headers.etag === head.headers.etag;
  return headers['last-modified'] === head.headers['last-modified'];
}
