import type {
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
} from 'hls.js';
import { describe, expect, test, vi } from 'vitest';
import type { Clock } from '../clock.ts';
import type { DeliveredSegment, SegmentEngine, SegmentRequest } from '../segment-engine.ts';
import { type SegmentLoaderConstructor, type SegmentLoaderDeps, segmentLoaderClass } from './segment-loader.ts';
import { StartGate } from './start-gate.ts';

/** A full machine is slow. */
const patience = { timeout: 20_000 };

const URL_OF_SEGMENT = 'https://edge.example/a/segment1.ts';

/** Time that stands until it is turned. */
function standingClock(): Clock & { turnTo(ms: number): void } {
  let now = 1_000;
  const timers = new Map<number, { at: number; run: () => void }>();
  let lastId = 0;
  return {
    now: () => now,
    after(ms, run) {
      lastId += 1;
      const id = lastId;
      timers.set(id, { at: now + ms, run });
      return () => timers.delete(id);
    },
    turnTo(ms) {
      now = ms;
      for (const [id, { at, run }] of timers) {
        if (at > now) continue;
        timers.delete(id);
        run();
      }
    },
  };
}

/** What a site may have given hls.js: notes what it is asked, and answers when told to. */
class SiteLoader implements Loader<FragmentLoaderContext> {
  static last: SiteLoader | undefined;
  context: FragmentLoaderContext | null = null;
  stats = {} as LoaderStats;
  callbacks: LoaderCallbacks<FragmentLoaderContext> | undefined;
  configuration: LoaderConfiguration | undefined;
  readonly abort = vi.fn<() => void>();
  readonly destroy = vi.fn<() => void>();

  constructor() {
    SiteLoader.last = this;
  }

  load(
    context: FragmentLoaderContext,
    configuration: LoaderConfiguration,
    callbacks: LoaderCallbacks<FragmentLoaderContext>,
  ) {
    this.context = context;
    this.configuration = configuration;
    this.callbacks = callbacks;
  }

  answer(bytes: number): void {
    const { stats, context } = this;
    Object.assign(stats, { loaded: bytes, total: bytes });
    Object.assign(stats.loading, { start: 1, first: 21, end: 121 });
    const response = { url: context?.url ?? '', data: new ArrayBuffer(bytes), code: 200 };
    this.callbacks?.onSuccess(response, stats, context as FragmentLoaderContext, null);
  }
}

interface Delivering {
  readonly request: SegmentRequest;
  resolve(segment: Partial<DeliveredSegment>): Promise<void>;
  reject(): Promise<void>;
  readonly abort: ReturnType<typeof vi.fn<() => void>>;
}

/** An engine that takes part when `takesPart`, and delivers when told to. */
function setUp(takesPart = true) {
  const clock = standingClock();
  let delivering: Delivering | undefined;
  const engine: SegmentEngine = {
    patienceMs: 8_000,
    deliver(request) {
      if (!takesPart) return undefined;
      let resolve: (segment: DeliveredSegment) => void = () => undefined;
      let reject: (error: Error) => void = () => undefined;
      const promise = new Promise<DeliveredSegment>((done, failed) => {
        resolve = done;
        reject = failed;
      });
      const abort = vi.fn<() => void>();
      delivering = {
        request,
        abort,
        resolve: async (segment) => {
          const data = new ArrayBuffer(100_000);
          resolve({ data, from: 'peers', bitsPerSecond: 8_000_000, firstByteMs: 40, ...segment });
          await promise;
        },
        reject: async () => {
          reject(new Error('no peers'));
          await promise.catch(() => undefined);
        },
      };
      return { whole: promise, abort };
    },
    renditionChanged: () => undefined,
    playheadMoved: () => undefined,
    destroy: () => undefined,
  };
  const gate = new StartGate();
  gate.firstFrame();
  const deps = {
    clock,
    engine: () => engine,
    gate,
    ownLoader: SiteLoader as unknown as SegmentLoaderConstructor,
    delivered: vi.fn<SegmentLoaderDeps['delivered']>(),
    loadedPlainly: vi.fn<SegmentLoaderDeps['loadedPlainly']>(),
    fetchedFromEdge: vi.fn<SegmentLoaderDeps['fetchedFromEdge']>(),
  };
  SiteLoader.last = undefined;
  const loader = new (segmentLoaderClass(deps))({} as HlsConfig);
  const callbacks = {
    onSuccess: vi.fn<LoaderCallbacks<FragmentLoaderContext>['onSuccess']>(),
    onError: vi.fn<LoaderCallbacks<FragmentLoaderContext>['onError']>(),
    onTimeout: vi.fn<LoaderCallbacks<FragmentLoaderContext>['onTimeout']>(),
    onAbort: vi.fn<NonNullable<LoaderCallbacks<FragmentLoaderContext>['onAbort']>>(),
    onProgress: vi.fn<NonNullable<LoaderCallbacks<FragmentLoaderContext>['onProgress']>>(),
  };
  const load = (given: Partial<FragmentLoaderContext> = {}, maxLoadTimeMs = 120_000) => {
    const loadPolicy = { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs, timeoutRetry: null, errorRetry: null };
    const configuration = { loadPolicy, timeout: 0, maxRetry: 0, retryDelay: 0, maxRetryDelay: 0 };
    loader.load(
      { url: URL_OF_SEGMENT, frag: { sn: 7, type: 'main' }, ...given } as FragmentLoaderContext,
      configuration,
      callbacks,
    );
  };
  return { clock, deps, loader, callbacks, load, delivering: () => delivering as Delivering };
}

describe('with an engine', () => {
  test('playback begins with what the site’s own loader brings', async () => {
    const { deps, load, delivering } = setUp();
    deps.gate.reset();
    load();
    expect(delivering()).toBeUndefined();
    expect(SiteLoader.last).toBeDefined();
  });

  test('hls.js gets the bytes, and the stats of a load at the line’s rate, however long the engine waited', async () => {
    const { clock, loader, callbacks, load, delivering, deps } = setUp();
    load();
    expect(loader.stats).toMatchObject({ loaded: 0, loading: { start: 1_000, first: 0, end: 0 } });
    clock.turnTo(4_000);
    await delivering().resolve({});
    await vi.waitFor(() => expect(callbacks.onSuccess).toHaveBeenCalledOnce(), patience);
    // 100,000 bytes at 8 Mbit/s are 100 ms, after the edge's 40 ms to its first byte.
    expect(loader.stats).toMatchObject({
      loaded: 100_000,
      total: 100_000,
      loading: { start: 3_860, first: 3_900, end: 4_000 },
    });
    expect(callbacks.onSuccess.mock.calls[0]?.[0]).toMatchObject({ url: URL_OF_SEGMENT, code: 200 });
    expect(callbacks.onProgress).toHaveBeenCalledOnce();
    expect(deps.delivered).toHaveBeenCalledWith(URL_OF_SEGMENT, 100_000, 'peers');
  });

  test.each([
    [{}, undefined],
    [
      { rangeStart: 100, rangeEnd: 200 },
      { start: 100, end: 200 },
    ],
    [{ rangeStart: 0, rangeEnd: 0 }, undefined],
  ])('a context with %j asks for %j', (context, range) => {
    const { load, delivering } = setUp();
    load(context);
    expect(delivering().request.range).toEqual(range);
    expect(delivering().request).toMatchObject({ firstByteWithinMs: 10_000, wholeWithinMs: 120_000 });
  });

  test('an engine that fails is replaced by the site’s own loader, with hls.js’ own policy', async () => {
    const { load, delivering, callbacks } = setUp();
    load();
    await delivering().reject();
    await vi.waitFor(() => expect(SiteLoader.last).toBeDefined(), patience);
    expect(SiteLoader.last?.configuration?.loadPolicy.maxLoadTimeMs).toBe(120_000);
    SiteLoader.last?.answer(5_000);
    expect(callbacks.onSuccess).toHaveBeenCalledOnce();
    expect(callbacks.onError).not.toHaveBeenCalled();
  });

  test.each([
    ['the engine’s patience', 120_000, 9_000],
    ['half of hls.js’ own time', 6_000, 4_000],
  ])('a delivery that dawdles is taken over after %s', (_when, maxLoadTimeMs, at) => {
    const { clock, load, delivering } = setUp();
    load({}, maxLoadTimeMs);
    clock.turnTo(at - 1);
    expect(SiteLoader.last).toBeUndefined();
    clock.turnTo(at + 1);
    expect(delivering().abort).toHaveBeenCalledOnce();
    expect(SiteLoader.last?.context?.url).toBe(URL_OF_SEGMENT);
  });

  test('abort tells hls.js once, and what comes later is not delivered', async () => {
    const { loader, load, delivering, callbacks } = setUp();
    load();
    loader.abort();
    loader.abort();
    expect(loader.stats.aborted).toBe(true);
    expect(delivering().abort).toHaveBeenCalledOnce();
    expect(callbacks.onAbort).toHaveBeenCalledOnce();
    await delivering().resolve({});
    expect(callbacks.onSuccess).not.toHaveBeenCalled();
  });

  test('destroy is silent, in every state', async () => {
    const { loader, load, delivering, callbacks } = setUp();
    loader.destroy();
    load();
    loader.destroy();
    await delivering().reject();
    expect(SiteLoader.last).toBeUndefined();
    for (const callback of Object.values(callbacks)) expect(callback).not.toHaveBeenCalled();
  });
});

describe('without a part for the engine', () => {
  test('the site’s loader works on hls.js’ stats, and its bytes are counted and kept for others', () => {
    const { loader, load, callbacks, deps } = setUp(false);
    load();
    expect(SiteLoader.last?.stats).toBe(loader.stats);
    SiteLoader.last?.answer(5_000);
    expect(callbacks.onSuccess).toHaveBeenCalledOnce();
    expect(deps.fetchedFromEdge).toHaveBeenCalledExactlyOnceWith(5_000, true);
    const timing = { firstByteMs: 20, transferMs: 100 };
    expect(deps.loadedPlainly).toHaveBeenCalledWith({ url: URL_OF_SEGMENT }, expect.any(ArrayBuffer), timing);
  });

  test.each(['onError', 'onTimeout'] as const)(
    '%s is hls.js’ to handle, and the bytes were fetched in vain',
    (name) => {
      const { loader, load, callbacks, deps } = setUp(false);
      load();
      loader.stats.loaded = 700;
      const { callbacks: given, context } = SiteLoader.last as SiteLoader;
      if (name === 'onError')
        given?.onError({ code: 503, text: 'away' }, context as FragmentLoaderContext, null, loader.stats);
      else given?.onTimeout(loader.stats, context as FragmentLoaderContext, null);
      expect(callbacks[name]).toHaveBeenCalledOnce();
      expect(deps.fetchedFromEdge).toHaveBeenCalledExactlyOnceWith(700, false);
    },
  );

  test('abort and destroy reach the site’s loader', () => {
    const { loader, load } = setUp(false);
    load();
    loader.abort();
    expect(SiteLoader.last?.abort).toHaveBeenCalledOnce();
    loader.destroy();
    expect(SiteLoader.last?.destroy).toHaveBeenCalledOnce();
  });
});
