import { expect, test } from 'vitest';
import type { Origin, OriginRequest, OriginResponse } from '../origin/origin.ts';
import type { Ask } from './ask.ts';
import type { CacheStore } from './cache-store.ts';
import { ObjectFetcher } from './fetch-object.ts';
import { MediaCache } from './media-cache.ts';
import { MemoryStore } from './memory-store.ts';
import { SLICE_BYTES } from './slices.ts';
import { TieredStore } from './tiered-store.ts';

const MIB = 1024 * 1024;
const ask: Ask = { path: '/film.mp4', key: '/film.mp4', target: '/film.mp4', headers: {}, conditions: {} };

const TURNS = 60;

/** Waits for what happens without any I/O, if it does. */
async function some(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5 * TURNS && !condition(); turn++) await Promise.resolve();
}

/** A disk that never has anything, and says so when it is told to. */
class SlowDisk implements CacheStore {
  readonly bytes = 0;
  #waiting: { readonly key: string; readonly answer: () => void }[] = [];

  get(key: string): Promise<undefined> {
    return new Promise((resolve) => this.#waiting.push({ key, answer: () => resolve(undefined) }));
  }

  set(): void {}
  delete(): void {}
  purge = (): number => 0;

  /** Answers the look-ups for a key, once there are any. */
  async answer(matches: (key: string) => boolean): Promise<void> {
    await some(() => this.#waiting.some(({ key }) => matches(key)));
    for (const { key, answer } of this.#waiting) if (matches(key)) answer();
    this.#waiting = this.#waiting.filter(({ key }) => !matches(key));
  }
}

/** Has one object; its bodies end when the test says so. */
class PatientOrigin implements Origin {
  readonly size: number;
  readonly asked: string[] = [];
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(size: number) {
    this.size = size;
  }

  end(): void {
    this.#end();
  }

  async get({ headers }: OriginRequest): Promise<OriginResponse> {
    this.asked.push(headers.range ?? 'whole');
    const [, first = 0, last = this.size - 1] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const bytes = Number(last) - Number(first) + 1;
    const ended = this.#ended;
    async function* body() {
      await ended;
      yield Buffer.alloc(bytes);
    }
    return {
      status: headers.range === undefined ? 200 : 206,
      headers: {
        etag: '"1"',
        'accept-ranges': 'bytes',
        'content-length': String(bytes),
        ...(headers.range !== undefined && { 'content-range': `bytes ${first}-${last}/${this.size}` }),
      },
      body: body(),
      endIsMarked: true,
      cancel: () => undefined,
    };
  }

  async close(): Promise<void> {}
}

function cacheOver(origin: Origin, disk: CacheStore): MediaCache {
  const memory = new MemoryStore(64 * MIB);
  const store = new TieredStore(memory, disk);
  const clock = { now: () => 0 };
  const nothing = () => undefined;
  const events = { received: nothing, hashed: nothing, answered: nothing, fetched: nothing };
  const playlistLifetime = () => ({ isLive: false, freshSeconds: 1 });
  const sentNames = new Set<string>();
  const deps = { origin, memory, clock, sliceAbove: 8 * MIB, sentNames, playlistLifetime, events };
  return new MediaCache({ store, fetcher: new ObjectFetcher(deps), clock, events });
}

async function read(cache: MediaCache): Promise<number> {
  const { content } = await cache.open(ask);
  let bytes = 0;
  for await (const piece of content.read(0, 1000)) bytes += piece.byteLength;
  content.close();
  return bytes;
}

// Whenever the second look-up comes back while the first one's fetch ends, its caller must find the fetch or its result.
test.each([
  ['an object', 1 * MIB, (key: string) => key === ask.key],
  ['a slice', 3 * SLICE_BYTES, (key: string) => key.includes('@')],
])('%s is fetched once, however late a look-up on disk comes back', async (_what, size, isLookedFor) => {
  for (let turns = 0; turns < TURNS; turns++) {
    const origin = new PatientOrigin(size);
    const disk = new SlowDisk();
    const cache = cacheOver(origin, disk);
    const first = read(cache);
    await disk.answer((key) => key === ask.key);
    if (size > SLICE_BYTES) await disk.answer(isLookedFor);
    const fetches = () => origin.asked.filter((range) => size <= SLICE_BYTES || range !== 'whole').length;
    await some(() => fetches() > 0);
    const second = read(cache);
    const answered = (async () => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await disk.answer(isLookedFor);
    })();
    origin.end();
    expect(await Promise.all([first, second])).toEqual([1000, 1000]);
    await answered;
    expect(fetches(), `after ${turns} turns`).toBe(1);
  }
});
