import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { Collapse } from '../origin/collapse.ts';
import { announcedBytes } from '../origin/fill.ts';
import { OriginError, type OriginResponse } from '../origin/origin.ts';
import type { Ask } from './ask.ts';
import type { Head, SlicedObject, WholeObject } from './cached-object.ts';
import { ArrivingContent, type Content, PassedContent, WholeContent } from './content.ts';
import type { Arrival, FetchEvents, Fetched, ObjectFetcher } from './fetch-object.ts';
import { ageSeconds, mayBridgeError, useOf } from './freshness.ts';
import type { Release } from './memory-store.ts';
import { SlicedContent } from './slices.ts';
import type { TieredStore } from './tiered-store.ts';
import { variantKey } from './vary.ts';

/** What the cache could do for a request. */
export type CacheResult =
  | 'hit'
  /** The origin was asked, and what was stored is still right. */
  | 'revalidated'
  | 'miss'
  /** Waited for another client's fetch. */
  | 'collapsed'
  /** Served although its time is over: while the origin is asked, or because it cannot answer. */
  | 'stale'
  /** Not for a cache; only passed through. */
  | 'bypass';

export interface Found {
  readonly content: Content;
  readonly result: CacheResult;
  /** Whether what the origin sent is kept for others. */
  readonly isStored: boolean;
}

export interface MediaCacheDeps {
  readonly store: TieredStore;
  readonly fetcher: ObjectFetcher;
  readonly clock: Clock;
  readonly events: FetchEvents & {
    /** An object came whole from the origin, or was confirmed by it. */
    fetched(ask: Ask, object: WholeObject): void;
  };
}

/** For how long an object that was not for sharing is asked for without waiting for others' answers. */
const PASS_FOR_MS = 10_000;
/** How old an object is at least when it is asked for again because it is too small. */
const GROWN_AFTER_SECONDS = 1;
const MAX_REMEMBERED = 10_000;

type Stored = WholeObject | SlicedObject;

/** The cache as the front sees it: give me this, from wherever it is best had. */
export class MediaCache {
  readonly #deps: MediaCacheDeps;
  readonly #running = new Collapse<Fetched>();
  readonly #runningSlices = new Collapse<Arrival>();
  /** Keys whose answers are for one viewer each, and until when that is believed: waiting for others would be in vain. */
  readonly #passing = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  /** Objects of origins that promise byte ranges and do not keep it. */
  readonly #unsliceable = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  /** Fetches whose results may still be stored. A purge ends that for those that began before it. */
  readonly #storable = new Set<{ readonly key: string }>();

  constructor(deps: MediaCacheDeps) {
    this.#deps = deps;
  }

  /** Clients that wait for a fetch that another caused. */
  get waiting(): number {
    return this.#running.waiting + this.#runningSlices.waiting;
  }

  /** @throws {OriginError} when there is nothing to serve, not even something old */
  async open(ask: Ask): Promise<Found> {
    for (;;) {
      const found = await this.#tryOpen(ask);
      if (found) return found;
    }
  }

  /** What is stored and may be used as it is. */
  async peek(ask: Ask): Promise<Stored | undefined> {
    const { stored } = await this.#find(ask);
    return stored && useOf(stored.head.freshness, this.#deps.clock.now()) === 'fresh' ? stored : undefined;
  }

  /** @returns how many objects are gone; fetches that run now are not stored either */
  async purge(prefix: string): Promise<number> {
    for (const fetch of this.#storable) if (fetch.key.startsWith(prefix)) this.#storable.delete(fetch);
    this.#running.forget(prefix);
    this.#runningSlices.forget(prefix);
    return await this.#deps.store.purge(prefix);
  }

  /** `undefined` when it has to be tried again: the answer that was waited for is another variant. */
  async #tryOpen(ask: Ask): Promise<Found | undefined> {
    const { key, stored } = await this.#find(ask);
    const usable = stored && this.#fromStored(ask, key, stored);
    if (usable) return usable;
    const release = this.#hold(stored);
    try {
      return await this.#ask(ask, key, stored);
    } finally {
      release();
    }
  }

  async #ask(ask: Ask, key: string, stored: Stored | undefined): Promise<Found | undefined> {
    if ((this.#passing.get(key) ?? 0) > this.#deps.clock.now()) return await this.#pass(ask);
    const joined = this.#running.join(key);
    try {
      const fetched = await (joined ?? this.#fetch(ask, key, stored));
      if (fetched.is === 'arriving' && fetched.fill.status >= 500) throw OriginError.failed(fetched.fill.status);
      return await this.#foundIn(ask, fetched, joined !== undefined);
    } catch (error) {
      if (!stored || !mayBridgeError(stored.head.freshness, this.#deps.clock.now())) throw error;
      return { content: this.#contentOf(ask, stored), result: 'stale', isStored: true };
    }
  }

  #fromStored(ask: Ask, key: string, stored: Stored): Found | undefined {
    const use = useOf(stored.head.freshness, this.#deps.clock.now());
    if (use === 'ask-first' || this.#mayHaveGrown(ask, stored)) return undefined;
    if (use === 'revalidate-behind') this.#revalidateBehind(ask, key, stored);
    return { content: this.#contentOf(ask, stored), result: use === 'fresh' ? 'hit' : 'stale', isStored: true };
  }

  async #foundIn(ask: Ask, fetched: Fetched, wasJoined: boolean): Promise<Found | undefined> {
    const result = wasJoined ? 'collapsed' : 'miss';
    switch (fetched.is) {
      case 'arriving': {
        const { variesOn, key, head, mayBeKept } = fetched;
        if (variantKey(ask.key, variesOn, ask.headers) !== key) return undefined;
        const { memory } = this.#deps.store;
        // How long a playlist is fresh is known at its end; and a torn one would stop a player.
        const whole = head.kind === 'playlist' ? await fetched.object : undefined;
        const content = whole ? new WholeContent(whole, memory) : new ArrivingContent(fetched, memory);
        return { content, result, isStored: mayBeKept };
      }
      case 'known': {
        const content = this.#contentOf(ask, fetched.object);
        return { content, result: fetched.isConfirmed && !wasJoined ? 'revalidated' : result, isStored: true };
      }
      case 'personal':
        if (wasJoined) return await this.#pass(ask);
        return this.#passed(fetched.head, fetched.response);
    }
  }

  async #find(ask: Ask): Promise<{ key: string; stored: Stored | undefined }> {
    const { store } = this.#deps;
    // Awaiting what is in memory already would cost each hit a turn.
    const first = store.find(ask.key);
    const object = first instanceof Promise ? await first : first;
    if (object?.is !== 'variants') return { key: ask.key, stored: object };
    const key = variantKey(ask.key, object.on, ask.headers);
    const variant = await store.find(key);
    return { key, stored: variant?.is === 'variants' ? undefined : variant };
  }

  #contentOf(ask: Ask, object: Stored): Content {
    if (object.is === 'whole') return new WholeContent(object, this.#deps.store.memory);
    const { store, fetcher } = this.#deps;
    return new SlicedContent(object, ask, {
      store,
      fetcher,
      running: this.#runningSlices,
      discard: (discarded, isUnsliceable) => {
        store.delete(discarded.key);
        if (isUnsliceable) this.#unsliceable.set(ask.key, true);
      },
    });
  }

  /** Files of some packagers grow while they are played; what is asked for may be there by now. */
  #mayHaveGrown({ needsBytes }: Ask, { head, ...stored }: Stored): boolean {
    const size = stored.is === 'whole' ? stored.body.byteLength : stored.size;
    const isSmaller = needsBytes !== undefined && needsBytes > size;
    return isSmaller && ageSeconds(head.freshness, this.#deps.clock.now()) >= GROWN_AFTER_SECONDS;
  }

  #revalidateBehind(ask: Ask, key: string, stored: Stored): void {
    if (this.#running.isRunning(key)) return;
    const drop = (fetched: Fetched) => fetched.is === 'personal' && fetched.response.cancel();
    this.#fetch(ask, key, stored)
      .then(drop, () => undefined)
      .finally(this.#hold(stored));
  }

  #fetch(ask: Ask, key: string, stored: Stored | undefined): Promise<Fetched> {
    const token = { key };
    this.#storable.add(token);
    let kept: Promise<void> = Promise.resolve();
    const run = async () => {
      const fetched = await this.#deps.fetcher.fetch(ask, key, stored, !this.#unsliceable.has(ask.key));
      if (fetched.is === 'personal') this.#passing.set(key, this.#deps.clock.now() + PASS_FOR_MS);
      if (fetched.is === 'known' && this.#storable.has(token)) this.#keep(ask, fetched.object);
      if (fetched.is === 'arriving') kept = this.#keepWhenWhole(ask, key, fetched, token);
      return fetched;
    };
    // Joinable until it is stored: nobody asks the origin in between.
    const result = this.#running.start(key, run, () => kept);
    const forget = () => this.#storable.delete(token);
    result.then(() => kept).then(forget, forget);
    return result;
  }

  /** Nothing is freed that may yet be served, while the origin is asked about it. */
  #hold(stored: Stored | undefined): Release {
    return stored?.is === 'whole' ? this.#deps.store.memory.hold(stored.body) : () => undefined;
  }

  async #keepWhenWhole(ask: Ask, key: string, arrival: Arrival, token: { readonly key: string }): Promise<void> {
    const isKept = arrival.mayBeKept && !(ask.isExpected && arrival.head.status >= 400);
    if (arrival.variesOn.length > 0) {
      this.#running.alias(key, arrival.key);
      // At once, so that clients who ask from now on look for the variant that is theirs.
      if (isKept) this.#deps.store.set({ is: 'variants', key: ask.key, on: arrival.variesOn });
    }
    // A failure is told to those who read it. Its room first: the store counts it from now on.
    const object = await arrival.object.catch(() => undefined).finally(arrival.room);
    const body = object?.body ?? arrival.fill.body.storage;
    if (object && isKept && this.#storable.has(token)) this.#keep(ask, object);
    else if (body) this.#deps.store.memory.letGo(body);
  }

  #keep(ask: Ask, object: Stored): void {
    const { store, events } = this.#deps;
    if (isWorthKeeping(object)) store.set(object);
    else if (object.is === 'whole') store.memory.letGo(object.body);
    if (object.is === 'whole') events.fetched(ask, object);
  }

  /** As a mere proxy, for this client alone; its conditions and its range go to the origin. */
  async #pass(ask: Ask): Promise<Found> {
    const response = await this.#deps.fetcher.get(ask, ask.conditions);
    const freshness = { bornAt: this.#deps.clock.now(), ...NOT_FRESH };
    return this.#passed({ kind: 'segment', status: response.status, headers: response.headers, freshness }, response);
  }

  #passed(head: Head, response: OriginResponse): Found {
    const content = new PassedContent(head, announcedBytes(response), response, (bytes) =>
      this.#deps.events.received(bytes),
    );
    return { content, result: 'bypass', isStored: false };
  }
}

const NOT_FRESH = { freshSeconds: 0, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 0 };

/** What is stale at once and cannot be confirmed is no use to anyone. */
function isWorthKeeping({ head }: Stored): boolean {
  const { freshness, headers } = head;
  const isUsable = freshness.freshSeconds + freshness.staleWhileRevalidateSeconds + freshness.staleIfErrorSeconds > 0;
  return isUsable || headers.etag !== undefined || headers['last-modified'] !== undefined;
}
