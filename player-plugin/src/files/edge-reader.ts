import type { FileHead } from './file-head.ts';

/** A part of the file that is asked for, and what has come of it. */
interface Asked {
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly resolve: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly reject: (because: unknown) => void;
}

/**
 * Reads parts of a file from a server. What is asked for at about the same time and lies side by side comes as one
 * response: a request for each piece would leave the line empty between them.
 */
export class EdgeReader {
  readonly #url: string;
  readonly #head: FileHead | undefined;
  readonly #ended = new AbortController();
  #asked: Asked[] = [];

  /** @param head what comes anyhow, and is not asked for again */
  constructor(url: string, head?: FileHead) {
    this.#url = url;
    this.#head = head;
  }

  /** @throws {Error} when the server does not send exactly that, or the reader is closed */
  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#head && start + length <= this.#head.length) return await this.#head.read(start, length);
    return await new Promise((resolve, reject) => {
      this.#asked.push({ start, bytes: new Uint8Array(length), resolve, reject });
      if (this.#asked.length === 1) void nextTask().then(() => this.#send());
    });
  }

  close(): void {
    this.#ended.abort(new Error('closed'));
  }

  #send(): void {
    const runs: Asked[][] = [];
    for (const asked of this.#asked.sort((one, other) => one.start - other.start)) {
      const run = runs.at(-1);
      const before = run?.at(-1);
      if (run && before && before.start + before.bytes.length === asked.start) run.push(asked);
      else runs.push([asked]);
    }
    this.#asked = [];
    for (const run of runs) {
      this.#fetchRun(run).catch((error) => {
        for (const { reject } of run) reject(error);
      });
    }
  }

  async #fetchRun(run: readonly Asked[]): Promise<void> {
    const start = run[0]?.start ?? 0;
    const end = run.reduce((at, { bytes }) => at + bytes.length, start) - 1;
    const idle = new IdleAbort(this.#ended.signal);
    try {
      // Ranges of it would only fill the browser's cache: the pieces are kept by the page.
      const range = `bytes=${start}-${end}`;
      const response = await fetch(this.#url, { cache: 'no-store', headers: { range }, signal: idle.signal });
      const isWhole = response.status === 200 && start === 0;
      if (!(response.status === 206 || isWhole) || !response.body) throw new Error(`range refused: ${response.status}`);
      await fill(run, response.body, () => idle.postpone());
    } finally {
      idle.stop();
    }
  }
}

/** Hands out each part as soon as it is there. */
async function fill(
  run: readonly Asked[],
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: () => void,
): Promise<void> {
  const reader = body.getReader();
  let chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for (const { bytes, resolve } of run) {
    let filled = 0;
    while (filled < bytes.length) {
      if (chunk.length === 0) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the response ended too soon');
        heard();
        chunk = value;
      }
      const part = chunk.subarray(0, bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      chunk = chunk.subarray(part.length);
    }
    resolve(bytes);
  }
  // Of a server that sends more than it was asked for, nothing more is wanted.
  await reader.cancel();
}

/** A response that stands still for so long is given up. */
const IDLE_MS = 20_000;

class IdleAbort {
  readonly #abort = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ended: AbortSignal) {
    this.signal = AbortSignal.any([ended, this.#abort.signal]);
    this.postpone();
  }

  postpone(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new Error('the response stands still')), IDLE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Later than all that is under way, and not held back in a hidden page as timers are. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
