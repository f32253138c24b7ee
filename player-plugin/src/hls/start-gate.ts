import type { FragmentLoaderContext } from 'hls.js';

/** What decides whether the picture waits for a load. */
type Load = Pick<FragmentLoaderContext, 'frag' | 'part'>;

/**
 * Keeps an engine away from what playback begins with. It lets a segment wait for keys or peers, and until the first frame
 * is there that is safe only behind a whole one of the same kind. A low-latency start needs several parts.
 */
export class StartGate {
  readonly #kinds = new Set<string>();
  #hasFrame = false;

  /** Whether a segment has come that is not merely the initialisation of others. */
  get hasSegment(): boolean {
    return this.#kinds.size > 0;
  }

  get hasFrame(): boolean {
    return this.#hasFrame;
  }

  /** hls.js has this one by itself. */
  loaded({ frag, part }: Load): void {
    if (!part && frag.sn !== 'initSegment') this.#kinds.add(frag.type);
  }

  firstFrame(): void {
    this.#hasFrame = true;
  }

  /** Another content begins. */
  reset(): void {
    this.#kinds.clear();
    this.#hasFrame = false;
  }

  mayWait({ frag, part }: Load): boolean {
    return this.#hasFrame || (!part && this.#kinds.has(frag.type));
  }
}
