import { allocateBody } from '../cache/body-memory.ts';

const FIRST_BLOCK_BYTES = 64 * 1024;
const LARGEST_BLOCK_BYTES = 1024 * 1024;
/** How far the fastest reader of a body that is not kept may be ahead of the slowest. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Where a reader is. */
interface Position {
  at: number;
}

/**
 * A body that any number of readers read while it arrives, each from where it likes. With a known size it lies in one
 * piece of memory from the start; otherwise in blocks, which it can let go of once it turns out too large to keep.
 */
export class GrowingBody {
  readonly #size: number | undefined;
  readonly #blocks: { readonly at: number; readonly bytes: Buffer }[] = [];
  #length = 0;
  #state: { is: 'open' } | { is: 'ended' } | { is: 'failed'; because: unknown } = { is: 'open' };
  readonly #readers = new Set<Position>();
  #isWindow = false;
  #wake: () => void = () => undefined;
  #change: Promise<void> = Promise.resolve();

  constructor(size: number | undefined) {
    this.#size = size;
    if (size !== undefined) this.#blocks.push({ at: 0, bytes: allocateBody(size) });
    this.#changed();
  }

  /** Bytes that have arrived. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the whole, as soon as they are known. */
  get size(): number | undefined {
    return this.#size ?? (this.#state.is === 'ended' ? this.#length : undefined);
  }

  /** The one piece of memory that a body of known size lies in. */
  get storage(): Buffer | undefined {
    return this.#size === undefined ? undefined : this.#blocks[0]?.bytes;
  }

  /** @throws {RangeError} when more arrives than fits the known size */
  append(bytes: Uint8Array): void {
    if (this.#size !== undefined && this.#length + bytes.byteLength > this.#size) throw new RangeError('too long');
    for (let rest = bytes; rest.byteLength > 0; ) {
      const block = this.#blockWithRoom();
      const offset = this.#length - block.at;
      const part = rest.subarray(0, block.bytes.byteLength - offset);
      block.bytes.set(part, offset);
      this.#length += part.byteLength;
      rest = rest.subarray(part.byteLength);
    }
    this.#changed();
  }

  end(): void {
    this.#state = { is: 'ended' };
    this.#changed();
  }

  fail(because: unknown): void {
    this.#state = { is: 'failed', because };
    this.#changed();
  }

  /** All of it in one piece. */
  whole(): Buffer {
    if (this.storage) return this.storage;
    const whole = allocateBody(this.#length);
    for (const { at, bytes } of this.#blocks) bytes.copy(whole, at, 0, this.#length - at);
    return whole;
  }

  /** From `start` to `end`, or to wherever the body ends; each piece as soon as it is there. @throws what `fail` was told */
  async *read(start = 0, end: number = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
    const position: Position = { at: start };
    this.#readers.add(position);
    try {
      while (position.at < end) {
        const bytes = this.#at(position.at, end);
        if (bytes) {
          yield bytes;
          position.at += bytes.byteLength;
          if (this.#isWindow) this.#changed();
        } else if (this.#state.is === 'failed') {
          throw this.#state.because;
        } else if (this.#state.is === 'ended') {
          return;
        } else {
          await this.#change;
        }
      }
    } finally {
      this.#readers.delete(position);
      if (this.#isWindow) this.#changed();
    }
  }

  /** Resolves when so many bytes are there, or all that come. @throws what `fail` was told */
  async arrival(bytes: number): Promise<number> {
    while (this.#length < bytes && this.#state.is === 'open') await this.#change;
    if (this.#length < bytes && this.#state.is === 'failed') throw this.#state.because;
    return this.#length;
  }

  /** From here on only what a reader has not had yet is kept. Nobody can begin to read any more. */
  keepOnlyUnread(): void {
    this.#isWindow = true;
    this.#changed();
  }

  /** Resolves when the slowest reader of a window has caught up: `false` when none is left. */
  async windowHasRoom(): Promise<boolean> {
    for (;;) {
      const slowest = Math.min(...[...this.#readers].map(({ at }) => at));
      if (slowest === Number.POSITIVE_INFINITY) return false;
      while (this.#blocks[1] && this.#blocks[1].at <= slowest) this.#blocks.shift();
      if (this.#length - slowest < WINDOW_BYTES) return true;
      await this.#change;
    }
  }

  #at(start: number, end: number): Buffer | undefined {
    const to = Math.min(end, this.#length);
    if (start >= to) return undefined;
    const block = this.#blocks.findLast(({ at }) => at <= start);
    return block?.bytes.subarray(start - block.at, to - block.at);
  }

  #blockWithRoom(): { readonly at: number; readonly bytes: Buffer } {
    const last = this.#blocks.at(-1);
    if (last && this.#length < last.at + last.bytes.byteLength) return last;
    const bytes = Math.min(LARGEST_BLOCK_BYTES, last ? 2 * last.bytes.byteLength : FIRST_BLOCK_BYTES);
    const block = { at: this.#length, bytes: Buffer.allocUnsafeSlow(bytes) };
    this.#blocks.push(block);
    return block;
  }

  #changed(): void {
    this.#wake();
    this.#change = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
