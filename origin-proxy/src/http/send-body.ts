import type { ServerResponse } from 'node:http';

/** How long a client may take for one piece, 1 MiB at most: below 140 kbit/s nobody plays what comes in such pieces. */
const STALLED_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

/** A response that is being sent. */
interface Sending {
  readonly response: ServerResponse;
  progressAt: number;
}

/**
 * Sends bodies at the speed of their readers. Bytes are counted once the connection has taken them, so that what a
 * client left behind is not counted as sent. A client that stops reading is dropped: what it holds is memory of others.
 */
export class BodySender {
  readonly #sending = new Set<Sending>();
  readonly #sweep: NodeJS.Timeout;

  constructor() {
    this.#sweep = setInterval(() => this.#dropStalled(), LOOK_EVERY_MS).unref();
  }

  /** Responses whose bodies are on their way. */
  get sending(): number {
    return this.#sending.size;
  }

  /** @throws what reading the body throws; the response is not ended then */
  async send(
    response: ServerResponse,
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    sent: (bytes: number) => void,
  ): Promise<void> {
    const sending: Sending = { response, progressAt: performance.now() };
    this.#sending.add(sending);
    try {
      for await (const piece of body) {
        if (response.destroyed) return;
        sending.progressAt = performance.now();
        await write(response, piece, sent);
      }
      response.end();
    } finally {
      this.#sending.delete(sending);
    }
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #dropStalled(): void {
    const limit = performance.now() - STALLED_AFTER_MS;
    for (const { response, progressAt } of this.#sending) {
      if (progressAt < limit && response.writableLength > 0) response.destroy();
    }
  }
}

function write(response: ServerResponse, piece: Uint8Array, sent: (bytes: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const gone = () => resolve();
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      if (!error) sent(piece.byteLength);
      resolve();
    });
  });
}
