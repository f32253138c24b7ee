import { chunkHash, chunkRange, isAt, type Manifest } from '@nearcast/protocol';
import type { SegmentCache } from '../cache/segment-cache.ts';
import { HELD } from '../scheduling/plan-view.ts';
import type { Hashing } from './hashing.ts';
import type { SegmentTask } from './segment-task.ts';

export interface IntakeEvents {
  /** It is verified and in the cache: from here on it may be announced, passed on and played. */
  admitted(task: SegmentTask, chunk: number, bytes: number): void;
  /** It was here already. */
  duplicate(bytes: number): void;
}

/** The only way into the cache: nothing unverified gets past here. */
export class Intake {
  readonly #hashing: Hashing;
  readonly #cache: SegmentCache;
  readonly #events: IntakeEvents;

  constructor(hashing: Hashing, cache: SegmentCache, events: IntakeEvents) {
    this.#hashing = hashing;
    this.#cache = cache;
    this.#events = events;
  }

  /** @param done told whether the bytes are what the manifest says */
  chunk(task: SegmentTask, chunk: number, bytes: Uint8Array, done: (isTrue: boolean) => void): void {
    const { manifestBody: manifest } = task;
    if (!manifest || bytes.length !== task.sizeOf(chunk)) {
      done(false);
      return;
    }
    if (task.is(chunk, HELD)) {
      this.#events.duplicate(bytes.length);
      done(true);
      return;
    }
    this.#hashing.sha256(bytes, (hash, held = bytes) => {
      const isTrue = isAt(chunkHash(manifest, chunk), 0, hash);
      if (isTrue) this.#admit(task, chunk, held);
      done(isTrue);
    });
  }

  /** Chunks `first` up to `end` in one run of bytes. @param done told once, whether all of them are true */
  run(task: SegmentTask, first: number, end: number, bytes: Uint8Array, done: (isTrue: boolean) => void): void {
    const manifest = task.manifestBody as Manifest;
    const offset = chunkRange(manifest, first).start;
    let left = end - first;
    let allTrue = true;
    for (let chunk = first; chunk < end; chunk++) {
      const range = chunkRange(manifest, chunk);
      this.chunk(task, chunk, bytes.subarray(range.start - offset, range.end - offset), (isTrue) => {
        allTrue &&= isTrue;
        left -= 1;
        if (left === 0) done(allTrue);
      });
    }
  }

  #admit(task: SegmentTask, chunk: number, bytes: Uint8Array): void {
    if (!this.#cache.put(task.key, chunk, bytes)) {
      this.#events.duplicate(bytes.length);
      return;
    }
    task.hold(chunk);
    this.#events.admitted(task, chunk, bytes.length);
  }
}
