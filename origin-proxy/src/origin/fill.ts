import type { OriginResponse } from './origin.ts';
import { OriginError } from './origin.ts';

/**
 * One fetch from the origin that any number of clients read while it arrives. It belongs to none of them:
 * a client that goes away does not end it for the others, nor for the cache.
 */
export class Fill {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; rejects when it breaks off or is not as long as announced. */
  readonly whole: Promise<Buffer>;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #more: Promise<void> = Promise.resolve();

  constructor(response: OriginResponse, received: (bytes: number) => void) {
    this.status = response.status;
    this.headers = response.headers;
    this.#expectMore();
    this.whole = this.#read(response.body, received);
    this.whole.catch(() => undefined); // each reader sees the failure for itself
  }

  /** The body from its beginning, as it arrives. */
  async *read(): AsyncIterable<Uint8Array> {
    for (let next = 0; ; ) {
      const chunk = this.#chunks[next];
      if (chunk) {
        next += 1;
        yield chunk;
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        await this.#more;
      }
    }
  }

  async #read(body: AsyncIterable<Uint8Array>, received: (bytes: number) => void): Promise<Buffer> {
    let total = 0;
    try {
      for await (const chunk of body) {
        total += chunk.byteLength;
        received(chunk.byteLength);
        this.#chunks.push(chunk);
        this.#wake();
        this.#expectMore();
      }
      const announced = this.headers['content-length'];
      if (announced !== undefined && Number(announced) !== total) throw OriginError.brokenOff(total, Number(announced));
      return Buffer.concat(this.#chunks, total);
    } catch (error) {
      this.#failure = error;
      throw error;
    } finally {
      this.#ended = true;
      this.#wake();
    }
  }

  #expectMore(): void {
    this.#more = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
