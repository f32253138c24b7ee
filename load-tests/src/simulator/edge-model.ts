import type { EdgeAnswer, EdgeClient, EdgeRequest } from '@nearcast/player-plugin/engine';
import type { HomeLine } from './home-line.ts';
import type { StreamModel } from './stream-model.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface EdgeModelConfig {
  /** To the edge and back, ms. */
  readonly roundTripMs: number;
  /** When a segment is there, ms. */
  readonly availableAt: (segment: number) => number;
  /** While it is away it answers nothing. */
  readonly isAway: (now: number) => boolean;
}

/** What the edge sent: media by segment and region. */
export interface EdgeLedger {
  sent(segment: number, region: number, bytes: number): void;
}

/** The edge as one viewer sees it: never short itself, but at the end of the viewer's line. */
export class EdgeModel implements EdgeClient {
  readonly #config: EdgeModelConfig;
  readonly #clock: VirtualClock;
  readonly #stream: StreamModel;
  readonly #line: HomeLine;
  readonly #region: number;
  readonly #ledger: EdgeLedger;

  constructor(
    config: EdgeModelConfig,
    deps: { clock: VirtualClock; stream: StreamModel; line: HomeLine; region: number; ledger: EdgeLedger },
  ) {
    this.#config = config;
    this.#clock = deps.clock;
    this.#stream = deps.stream;
    this.#line = deps.line;
    this.#region = deps.region;
    this.#ledger = deps.ledger;
  }

  fetch(request: EdgeRequest, done: (answer: EdgeAnswer | undefined) => void): () => void {
    let isCancelled = false;
    const { roundTripMs } = this.#config;
    this.#clock.after(roundTripMs, () => {
      if (isCancelled) return;
      const bytes = this.#answer(request);
      if (!bytes) {
        done(undefined);
        return;
      }
      const number = this.#stream.numberOf(request.url);
      if (request.what === 'segment') this.#ledger.sent(number, this.#region, bytes.length);
      const now = this.#clock.now();
      const transferMs = this.#line.receive(bytes.length, now) - now;
      this.#clock.after(transferMs, () => {
        if (!isCancelled) done({ bytes, firstByteMs: roundTripMs, transferMs });
      });
    });
    return () => {
      isCancelled = true;
    };
  }

  #answer({ what, url, within }: EdgeRequest): Uint8Array | undefined {
    const now = this.#clock.now();
    const number = this.#stream.numberOf(url);
    if (this.#config.isAway(now) || this.#config.availableAt(number) > now) return undefined;
    const { body, manifest } = this.#stream.segment(number);
    if (what === 'manifest') return manifest;
    return within ? body.subarray(within.start, within.end) : body;
  }
}
