/** About what a player needs before its first picture, and little beside a film. */
const HEAD_BYTES = 1024 * 1024;

/**
 * The beginning of a file, from its URL: playback starts with it while sharing is still being prepared. Its pieces are
 * verified and given to others as if the edge had been asked for them as web seed.
 */
export class FileHead {
  /** Of the whole file, bytes. */
  readonly size: number;
  readonly type: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #received = 0;
  #state: 'coming' | 'here' | { readonly failed: unknown } = 'coming';
  #heard: () => void = () => undefined;
  #more: Promise<void>;

  private constructor(size: number, type: string, length: number) {
    this.size = size;
    this.type = type;
    this.#bytes = new Uint8Array(length);
    this.#more = this.#next();
  }

  /**
   * Resolves as soon as the server answers.
   * @throws {Error} when that is no part of a file
   */
  static async open(url: string, signal: AbortSignal): Promise<FileHead> {
    const response = await fetch(url, { headers: { range: `bytes=0-${HEAD_BYTES - 1}` }, cache: 'no-store', signal });
    const [, last, size] = /^bytes 0-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (response.status !== 206 || !response.body || last === undefined) {
      throw new Error(`the edge gives no part of the file: ${response.status}`);
    }
    const type = response.headers.get('content-type') ?? 'application/octet-stream';
    const head = new FileHead(Number(size), type, Math.min(Number(last) + 1, HEAD_BYTES));
    void head.#fill(response.body);
    return head;
  }

  /** How long it is, or is going to be. */
  get length(): number {
    return this.#bytes.length;
  }

  /** From there to the end of the head, as it comes. @throws {Error} when it does not */
  async *from(start: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let at = start; at < this.length; ) {
      while (at >= this.#received) await this.#wait();
      const part = this.#bytes.slice(at, this.#received);
      at += part.length;
      yield part;
    }
  }

  /** @throws {Error} when it does not come */
  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#received < start + length) await this.#wait();
    return this.#bytes.slice(start, start + length);
  }

  async #wait(): Promise<void> {
    if (typeof this.#state === 'object') throw this.#state.failed;
    await this.#more;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  async #fill(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      for (const reader = body.getReader(); this.#received < this.length; ) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the response ended too soon');
        const part = value.subarray(0, this.length - this.#received);
        this.#bytes.set(part, this.#received);
        this.#received += part.length;
        this.#tell();
      }
      this.#state = 'here';
    } catch (failed) {
      this.#state = { failed };
      this.#tell();
    }
  }

  #tell(): void {
    const heard = this.#heard;
    this.#more = this.#next();
    heard();
  }
}
