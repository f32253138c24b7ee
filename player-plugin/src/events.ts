import type { Mode } from './mode.ts';

/** Something that the site may want to know; playback goes on in every case. */
export type WarningReason =
  | 'bad-option'
  | 'no-webrtc'
  | 'tracker-unreachable'
  | 'tracker-refused'
  | 'engine-failed'
  | 'peer-error'
  | 'not-honoured'
  | 'no-manifest'
  | 'object-changed';

/** What a session tells, in the past tense. */
export interface P2PEvents {
  /** hls.js has a segment; the two counts say where its bytes came from, as far as they came for this request. */
  segmentDelivered: { readonly url: string; readonly bytes: number; readonly from: 'peers' | 'edge' };
  peerConnected: { readonly peer: string };
  peerDisconnected: { readonly peer: string };
  /** A peer sent what it must not send, and was left. */
  peerRejected: { readonly peer: string; readonly reason: string };
  modeChanged: { readonly mode: Mode; readonly reason?: string };
  warning: { readonly reason: WarningReason; readonly message: string };
}

type Listener<T> = (event: T) => void;

/** Typed events. A listener that throws is the site's error and is reported as such; it disturbs nobody else. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<Events[K]>)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
