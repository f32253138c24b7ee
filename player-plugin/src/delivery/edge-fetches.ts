import type { ByteRange } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import type { EdgeAnswer, EdgeClient, EdgeRequest } from './edge-client.ts';
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
    let pendingBytes = expectedBytes;
    const settled = () => {
      this.meter.pendingBytes -= pendingBytes;
      pendingBytes = 0;
    };
    const cancel = this.#withRetries({ what: 'segment', url, segmentRange: range, within }, (answer) => {
      settled();
      if (answer) this.meter.delivered(answer);
      done(answer?.bytes);
    });
    return () => {
      settled();
      cancel();
    };
  }

  /** `undefined`: there is none, or the edge is away. */
  manifest({ url, range }: SegmentPlace, done: (bytes: Uint8Array | undefined) => void): () => void {
    return this.#withRetries({ what: 'manifest', url, segmentRange: range }, (answer) => done(answer?.bytes));
  }

  #withRetries(request: EdgeRequest, done: (answer: EdgeAnswer | undefined) => void): () => void {
    let attempt = 0;
    let cancel: () => void = () => undefined;
    const ask = () => {
      cancel = this.#edge.fetch(request, (answer) => {
        const retryAfterMs = RETRY_AFTER_MS[attempt];
        if (answer || retryAfterMs === undefined) {
          done(answer);
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
