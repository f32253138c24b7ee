import { createHash, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { chunkCount, chunkRange, chunkSizeFor, HASH_BYTES } from '@nearcast/protocol';
import { cpuTimer } from './cpu-timer.ts';

/** A millisecond of hashing at about 1.4 GB/s; then it is others' turn. */
const BYTES_PER_TURN = 1024 * 1024;

export function hashOf(chunk: Uint8Array): Buffer {
  return hash('sha256', chunk, 'buffer');
}

/**
 * SHA-256 of each chunk of a body ([M6] says where they are cut), one after the other, without holding anyone up.
 * @param took told the processor time of each turn, seconds
 */
export async function hashChunks(body: Uint8Array, took: (seconds: number) => void = () => undefined): Promise<Buffer> {
  const layout = { size: body.byteLength, chunkSize: chunkSizeFor(body.byteLength) };
  const hashes = Buffer.alloc(HASH_BYTES * chunkCount(layout));
  let turn = 0;
  let spent = cpuTimer();
  for (let chunk = 0; chunk * layout.chunkSize < layout.size; chunk++) {
    const { start, end } = chunkRange(layout, chunk);
    hashes.set(hashOf(body.subarray(start, end)), chunk * HASH_BYTES);
    turn += end - start;
    if (turn >= BYTES_PER_TURN) {
      turn = 0;
      took(spent());
      await setImmediate();
      spent = cpuTimer();
    }
  }
  took(spent());
  return hashes;
}

/** The same while the body arrives, chunk by chunk. */
export class ArrivingHashes {
  readonly hashes: Buffer;
  readonly #body: Uint8Array;
  readonly #layout: { readonly size: number; readonly chunkSize: number };
  #next = 0;

  /** @param body where it will lie, as large as it will be */
  constructor(body: Uint8Array) {
    this.#body = body;
    this.#layout = { size: body.byteLength, chunkSize: chunkSizeFor(body.byteLength) };
    this.hashes = Buffer.alloc(HASH_BYTES * chunkCount(this.#layout));
  }

  /** @param length how much of it is there */
  arrived(length: number): void {
    for (; this.#next * this.#layout.chunkSize < this.#layout.size; this.#next++) {
      const { start, end } = chunkRange(this.#layout, this.#next);
      if (end > length) return;
      this.hashes.set(hashOf(this.#body.subarray(start, end)), this.#next * HASH_BYTES);
    }
  }
}

/** The same for a body that comes in pieces. `undefined` when it ends before it has this size. */
export async function hashParts(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  size: number,
): Promise<Buffer | undefined> {
  const layout = { size, chunkSize: chunkSizeFor(size) };
  const hashes: Buffer[] = [];
  let running = createHash('sha256');
  let missing = Math.min(size, layout.chunkSize);
  let length = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest.byteLength > 0; ) {
      const part = rest.subarray(0, missing);
      running.update(part);
      rest = rest.subarray(part.byteLength);
      length += part.byteLength;
      missing -= part.byteLength;
      if (missing > 0) continue;
      hashes.push(running.digest());
      running = createHash('sha256');
      missing = Math.min(size - length, layout.chunkSize);
      if (length === size) return Buffer.concat(hashes);
    }
  }
  return undefined;
}
