import type {
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
} from 'hls.js';
import type { Clock } from '../clock.ts';
import type {
  DeliveredSegment,
  EdgeTiming,
  SegmentDelivery,
  SegmentEngine,
  SegmentRequest,
} from '../segment-engine.ts';
import type { StartGate } from './start-gate.ts';

export type SegmentLoaderConstructor = new (config: HlsConfig) => Loader<FragmentLoaderContext>;

export interface SegmentLoaderDeps {
  readonly clock: Clock;
  /** The engine, when segments may pass through one now. */
  engine(): SegmentEngine | undefined;
  readonly gate: StartGate;
  /** How the site itself loads segments: its `fLoader`, or its `loader`. */
  readonly ownLoader: SegmentLoaderConstructor;
  delivered(url: string, bytes: number, from: 'peers' | 'edge'): void;
  /** A whole body that the site's own loader brought, before hls.js empties it. */
  loadedPlainly(request: Pick<SegmentRequest, 'url' | 'range'>, body: ArrayBuffer, timing: EdgeTiming): void;
  /** Bytes that the site's own loader fetched; `kept` is false when they were thrown away. */
  fetchedFromEdge(bytes: number, kept: boolean): void;
}

/** The `fLoader` for hls.js: asks the engine first, and the site's own loader when there is none, or it fails. */
export function segmentLoaderClass(deps: SegmentLoaderDeps): SegmentLoaderConstructor {
  return class implements Loader<FragmentLoaderContext> {
    context: FragmentLoaderContext | null = null;
    readonly stats: LoaderStats = emptyStats();
    readonly #config: HlsConfig;
    #state: LoaderState = { is: 'idle' };

    constructor(config: HlsConfig) {
      this.#config = config;
    }

    load(
      context: FragmentLoaderContext,
      configuration: LoaderConfiguration,
      callbacks: LoaderCallbacks<FragmentLoaderContext>,
    ): void {
      this.context = context;
      const task: LoadTask = { context, configuration, callbacks };
      const engine = deps.gate.mayWait(context) ? deps.engine() : undefined;
      const delivery = engine?.deliver(requestOf(context, configuration));
      if (!(engine && delivery)) {
        this.#loadOwn(task);
        return;
      }
      this.stats.loading.start = deps.clock.now();
      const patienceMs = Math.min(engine.patienceMs, configuration.loadPolicy.maxLoadTimeMs / 2);
      const cancelTimer = deps.clock.after(patienceMs, () => {
        delivery.abort();
        this.#loadOwn(task);
      });
      this.#state = { is: 'engine', delivery, task, cancelTimer };
      delivery.whole.then(
        (segment) => this.#succeed(segment, delivery),
        () => {
          // Whatever it was, the edge has the segment too; an abort has changed the state before.
          if (this.#isWaitingFor(delivery)) this.#loadOwn(task);
        },
      );
    }

    abort(): void {
      const state = this.#leave();
      if (state.is === 'engine') {
        this.stats.aborted = true;
        state.delivery.abort();
        state.task.callbacks.onAbort?.(this.stats, state.task.context, null);
      } else if (state.is === 'loader') {
        state.loader.abort();
      }
    }

    destroy(): void {
      const state = this.#leave();
      this.context = null;
      if (state.is === 'engine') state.delivery.abort();
      if (state.is !== 'loader') return;
      state.loader.destroy();
      state.settle(false);
    }

    getCacheAge(): number | null {
      return this.#state.is === 'loader' ? (this.#state.loader.getCacheAge?.() ?? null) : null;
    }

    getResponseHeader(name: string): string | null {
      return this.#state.is === 'loader' ? (this.#state.loader.getResponseHeader?.(name) ?? null) : null;
    }

    /** An own loader stays reachable after abort: hls.js may still ask it for headers, and it may still call back. */
    #leave(): LoaderState {
      const state = this.#state;
      if (state.is === 'engine') {
        state.cancelTimer();
        this.#state = { is: 'idle' };
      }
      return state;
    }

    #isWaitingFor(delivery: SegmentDelivery): boolean {
      return this.#state.is === 'engine' && this.#state.delivery === delivery;
    }

    #succeed(segment: DeliveredSegment, delivery: SegmentDelivery): void {
      if (this.#state.is !== 'engine' || !this.#isWaitingFor(delivery)) return;
      const { task } = this.#state;
      this.#leave();
      const { data, from, bitsPerSecond, firstByteMs } = segment;
      const { stats } = this;
      const end = deps.clock.now();
      stats.loaded = data.byteLength;
      stats.total = data.byteLength;
      stats.chunkCount = 1;
      // hls.js takes loaded ÷ (end − first) for the bandwidth and first − start for the edge's delay: it is told what the
      // line can do, and not how long the engine waited for peers on purpose.
      const first = end - (data.byteLength * 8000) / bitsPerSecond;
      Object.assign(stats.loading, { start: first - firstByteMs, first, end });
      deps.delivered(task.context.url, data.byteLength, from);
      const { onProgress, onSuccess } = task.callbacks;
      onProgress?.(stats, task.context, data, null);
      onSuccess({ url: task.context.url, data, code: 200 }, stats, task.context, null);
    }

    #loadOwn(task: LoadTask): void {
      this.#leave();
      const loader = new deps.ownLoader(this.#config);
      let settled = false;
      const settle = (kept: boolean) => {
        if (!settled) deps.fetchedFromEdge(this.stats.loaded, kept);
        settled = true;
      };
      this.#state = { is: 'loader', loader, settle };
      // hls.js holds on to our stats object (its abandon rule reads it while the segment loads).
      loader.stats = this.stats;
      // An engine that failed has used some of the time; what hls.js measures from here is the edge alone.
      this.stats.loading.start = 0;
      const { callbacks, context } = task;
      loader.load(context, task.configuration, {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          settle(true);
          deps.gate.loaded(context);
          if (response.data instanceof ArrayBuffer) {
            deps.loadedPlainly(rangeOf(context), response.data, timingOf(stats));
          }
          deps.delivered(context.url, stats.loaded, 'edge');
          callbacks.onSuccess(response, stats, loaded, details);
        },
        onError: (error, failed, details, stats) => {
          settle(false);
          callbacks.onError(error, failed, details, stats);
        },
        onTimeout: (stats, late, details) => {
          settle(false);
          callbacks.onTimeout(stats, late, details);
        },
        onAbort: (stats, aborted, details) => {
          settle(false);
          callbacks.onAbort?.(stats, aborted, details);
        },
      });
    }
  };
}

interface LoadTask {
  readonly context: FragmentLoaderContext;
  readonly configuration: LoaderConfiguration;
  readonly callbacks: LoaderCallbacks<FragmentLoaderContext>;
}

type LoaderState =
  | { readonly is: 'idle' }
  | {
      readonly is: 'engine';
      readonly delivery: SegmentDelivery;
      readonly task: LoadTask;
      readonly cancelTimer: () => void;
    }
  | {
      readonly is: 'loader';
      readonly loader: Loader<FragmentLoaderContext>;
      /** Counts what it fetched, once. */
      readonly settle: (kept: boolean) => void;
    };

export function timingOf({ loading }: LoaderStats): EdgeTiming {
  const first = loading.first || loading.end;
  return { firstByteMs: Math.max(0, first - loading.start), transferMs: Math.max(0, loading.end - first) };
}

function requestOf(context: FragmentLoaderContext, { loadPolicy }: LoaderConfiguration): SegmentRequest {
  const { maxTimeToFirstByteMs, maxLoadTimeMs } = loadPolicy;
  return { ...rangeOf(context), firstByteWithinMs: maxTimeToFirstByteMs, wholeWithinMs: maxLoadTimeMs };
}

/** hls.js' `rangeEnd`, too, is the first byte that is not asked for. */
function rangeOf({ url, rangeStart, rangeEnd }: FragmentLoaderContext): Pick<SegmentRequest, 'url' | 'range'> {
  return rangeStart !== undefined && rangeEnd !== undefined && rangeEnd > rangeStart
    ? { url, range: { start: rangeStart, end: rangeEnd } }
    : { url };
}

function emptyStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}
