import type { FileHead } from './file-head.ts';
import type { FileRange } from './file-range.ts';
import type { OpenFile } from './file-share.ts';

/**
 * One reading of a range: what lies in the head from there, the rest from the swarm as soon as that is joined. An object
 * of its own and no generator, which could not be ended while it waits; the swarm would go on to get what nobody reads.
 */
export class FileReading implements AsyncIterator<Uint8Array> {
  readonly #sharing: Promise<OpenFile>;
  readonly #end: number;
  readonly #headParts: AsyncIterator<Uint8Array> | undefined;
  #at: number;
  #rest: AsyncIterator<Uint8Array> | undefined;
  #ended = false;

  constructor(head: FileHead, sharing: Promise<OpenFile>, { start, end }: FileRange) {
    this.#sharing = sharing;
    this.#at = start;
    this.#end = end;
    if (start < head.length) this.#headParts = head.from(start);
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#ended || this.#at > this.#end) return { value: undefined, done: true };
    const part = (await this.#headParts?.next()) ?? { done: true };
    if (part.done !== true) {
      const value = part.value.subarray(0, this.#end + 1 - this.#at);
      this.#at += value.length;
      return { value, done: false };
    }
    const { file } = await this.#sharing;
    if (this.#ended) return { value: undefined, done: true };
    this.#rest ??= file[Symbol.asyncIterator]({ start: this.#at, end: this.#end });
    return await this.#rest.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#ended = true;
    await this.#rest?.return?.();
    return { value: undefined, done: true };
  }
}
