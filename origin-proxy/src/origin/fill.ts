import type { Headers } from '../cache/cached-object.ts';
import { ArrivingHashes, hashChunks } from '../integrity/chunk-hashes.ts';
import { cpuTimer } from '../integrity/cpu-timer.ts';
import { GrowingBody } from './growing-body.ts';
import { OriginError, type OriginResponse } from './origin.ts';

/** A body that came to its end, and the hashes of its chunks. */
export interface WholeBody {
  readonly body: Buffer;
  readonly hashes: Buffer;
}

export interface FillOptions {
  /** A body of unknown length that gets larger is passed on, but not kept. */
  readonly maxBytes: number;
  readonly received: (bytes: number) => void;
  /** Told the processor time of hashing, a piece at a time. */
  readonly hashed: (seconds: number) => void;
  /** Called once when it is: nobody may begin to read it from now on. */
  readonly tooLarge: () => void;
}

/**
 * One fetch from the origin that any number of clients read while it arrives. It belongs to none of them: a client that
 * goes away does not end it for the others, nor for the cache.
 */
export class Fill {
  readonly status: number;
  readonly headers: Headers;
  readonly body: GrowingBody;
  /** Rejects when the body breaks off or is not as long as announced; `undefined` when it is too large to be kept. */
  readonly whole: Promise<WholeBody | undefined>;
  readonly #response: OriginResponse;
  readonly #options: FillOptions;

  constructor(response: OriginResponse, options: FillOptions) {
    this.status = response.status;
    this.headers = response.headers;
    this.#response = response;
    this.#options = options;
    this.body = new GrowingBody(announcedBytes(response));
    this.whole = this.#receive();
    this.whole.catch(() => undefined); // each reader sees the failure for itself
  }

  async #receive(): Promise<WholeBody | undefined> {
    const { maxBytes, received, hashed, tooLarge } = this.#options;
    const { size, storage } = this.body;
    const hashing = storage && new ArrivingHashes(storage);
    const hash = () => hashing && timed(() => hashing.arrived(this.body.length), hashed);
    try {
      let isKept = true;
      for await (const piece of this.#response.body) {
        received(piece.byteLength);
        this.body.append(piece);
        hash();
        if (isKept && this.body.length > maxBytes) {
          isKept = false;
          this.body.keepOnlyUnread();
          tooLarge();
        }
        // Nobody reads it any more, and it is too large to be kept for later.
        if (!isKept && !(await this.body.windowHasRoom())) throw OriginError.brokenOff(this.body.length);
      }
      if (size !== undefined && this.body.length < size) throw OriginError.brokenOff(this.body.length, size);
      this.body.end();
      if (!isKept) return undefined;
      const body = this.body.whole();
      return { body, hashes: hashing?.hashes ?? (await hashChunks(body, hashed)) };
    } catch (error) {
      const failure = error instanceof RangeError ? OriginError.misbehaving('sent more than it announced') : error;
      this.#response.cancel();
      this.body.fail(failure);
      throw failure;
    }
  }
}

function timed(run: () => void, took: (seconds: number) => void): void {
  const spent = cpuTimer();
  run();
  took(spent());
}

/** Of the body on the wire; a response to HEAD or a 304 may announce one that does not come. */
export function announcedBytes({ status, headers }: Pick<OriginResponse, 'status' | 'headers'>): number | undefined {
  if (status === 204 || status === 304) return 0;
  const header = headers['content-length'];
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}
