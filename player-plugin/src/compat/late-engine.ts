import type { Clock } from '../clock.ts';
import type { Playhead, Rendition, SegmentDelivery, SegmentEngine, SegmentRequest } from '../segment-engine.ts';

/**
 * An engine that can only be made when the tracker has said something; until then the site's own loader has everything.
 * What the player tells in the meantime is kept for it.
 */
export class LateEngine<Said> implements SegmentEngine {
  readonly patienceMs: number;
  readonly #make: (said: Said) => SegmentEngine;
  readonly #stopWaiting: () => void;
  readonly #renditions = new Map<string, Rendition>();
  #playhead: Playhead | undefined;
  #engine: SegmentEngine | undefined;
  #isDestroyed = false;

  /** @param otherwise what it is made with when the tracker says nothing within `waitMs` */
  constructor(
    make: (said: Said) => SegmentEngine,
    { clock, waitMs, otherwise, patienceMs }: { clock: Clock; waitMs: number; otherwise: Said; patienceMs: number },
  ) {
    this.#make = make;
    this.patienceMs = patienceMs;
    this.#stopWaiting = clock.after(waitMs, () => this.begin(otherwise));
  }

  /** Only the first time counts. */
  begin(said: Said): void {
    this.#stopWaiting();
    if (this.#engine || this.#isDestroyed) return;
    this.#engine = this.#make(said);
    for (const rendition of this.#renditions.values()) this.#engine.renditionChanged(rendition);
    this.#renditions.clear();
    if (this.#playhead) this.#engine.playheadMoved(this.#playhead);
  }

  deliver(request: SegmentRequest): SegmentDelivery | undefined {
    return this.#engine?.deliver(request);
  }

  renditionChanged(rendition: Rendition): void {
    if (this.#engine) this.#engine.renditionChanged(rendition);
    else this.#renditions.set(rendition.url, rendition);
  }

  playheadMoved(playhead: Playhead): void {
    if (this.#engine) this.#engine.playheadMoved(playhead);
    else this.#playhead = playhead;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#stopWaiting();
    this.#engine?.destroy();
  }
}
