import type { ByteRange } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { EdgeClient, EdgeRequest, EdgeResult } from './edge-client.ts';
import { EdgeMeter } from './edge-meter.ts';
import type { SegmentPlace } from './segment-task.ts';

/** After a failure the edge is asked again, this much later: a live segment may reach it a moment after its playlist. */
const RETRY_AFTER_MS: readonly number[] = [250, 800];

/** Asks the edge, counts what is under way, and asks again when it fails. */
export class EdgeFetches {
  readonly meter: EdgeMeter = new EdgeMeter();
  readonly #edge: EdgeClient;
  readonly #clock: Clock;

  constructor(edge: EdgeClient, clock: Clock) {
    this.#edge = edge;
    this.#clock = clock;
  }

  /** @param within the bytes wanted, counted within the segment; all of them when not given */
  segment(
    { url, range }: SegmentPlace,
    within: ByteRange | undefined,
    expectedBytes: number,
    done: (bytes: Uint8Array | undefined) => void,
  ): () => void {
    this.meter.pendingBytes += expectedBytes;
    const settled = once(() => {
      this.meter.pendingBytes -= expectedBytes;
    });
    const cancel = this.#withRetries({ what: 'segment', url, segmentRange: range, within }, (result) => {
      settled();
      if (result.is === 'ok') this.meter.delivered(result.bytes.length, result.firstByteMs, result.transferMs);
      done(result.is === 'ok' ? result.bytes : undefined);
    });
    return () => {
      settled();
      cancel();
    };
  }

  /** `undefined`: there is none, or the edge is away. */
  manifest({ url, range }: SegmentPlace, done: (bytes: Uint8Array | undefined) => void): () => void {
    return this.#withRetries({ what: 'manifest', url, segmentRange: range }, (result) =>
      done(result.is === 'ok' ? result.bytes : undefined),
    );
  }

  #withRetries(request: EdgeRequest, done: (result: EdgeResult) => void): () => void {
    let attempt = 0;
    let cancel: () => void = () => undefined;
    const ask = () => {
      cancel = this.#edge.fetch(request, (result) => {
        const retryAfterMs = RETRY_AFTER_MS[attempt];
        if (result.is === 'ok' || retryAfterMs === undefined) {
          done(result);
          return;
        }
        attempt += 1;
        cancel = this.#clock.after(retryAfterMs, ask);
      });
    };
    ask();
    return () => cancel();
  }
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}
