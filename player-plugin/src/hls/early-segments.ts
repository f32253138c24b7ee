import type { EdgeAnswer } from '../delivery/edge-client.ts';
import type { EdgeTiming, SegmentRequest } from '../segment-engine.ts';

export interface EarlySegment {
  readonly request: Pick<SegmentRequest, 'url' | 'range'>;
  readonly answer: EdgeAnswer;
}

const MAX_SEGMENTS = 6;
const MAX_BYTES: number = 32 * 1024 * 1024;

/** What hls.js loaded by itself before the engine took part: others may want it, and it is paid for. */
export class EarlySegments {
  readonly #segments: EarlySegment[] = [];
  #bytes = 0;

  /** Copies the body: hls.js empties what it is given. */
  remember(request: EarlySegment['request'], body: ArrayBuffer, timing: EdgeTiming): void {
    if (this.#segments.length >= MAX_SEGMENTS || this.#bytes + body.byteLength > MAX_BYTES) return;
    this.#segments.push({ request, answer: { bytes: new Uint8Array(body.slice(0)), ...timing } });
    this.#bytes += body.byteLength;
  }

  /** Hands over what there is, and forgets it. */
  take(): EarlySegment[] {
    this.#bytes = 0;
    return this.#segments.splice(0);
  }
}
