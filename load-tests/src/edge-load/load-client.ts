import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/**
 * A closed-loop HTTP client that costs little: each connection asks for the next object as soon as it has the last one.
 * Bodies are read into one buffer that is used again and again, so that what is measured is the server.
 */
export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  readonly paths: readonly string[];
  /** Not counted: connections grow their windows, the server compiles its code. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  /** From the request to the last byte, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of this client itself. */
  readonly cpuSeconds: number;
  readonly failures: number;
}

const READ_BYTES = 512 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');

type Progress = { is: 'head'; text: Buffer } | { is: 'body'; left: number };

class LoadConnection {
  readonly #plan: LoadPlan;
  readonly #done: (ms: number, bytes: number, isFine: boolean) => void;
  readonly #socket: Socket;
  #next: number;
  #askedAt = 0;
  #bytes = 0;
  #isFine = true;
  #progress: Progress = { is: 'head', text: Buffer.alloc(0) };

  constructor(plan: LoadPlan, number: number, done: (ms: number, bytes: number, isFine: boolean) => void) {
    this.#plan = plan;
    this.#done = done;
    // Each begins elsewhere, so that they do not march in step.
    this.#next = Math.floor((number * plan.paths.length) / plan.connections);
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (length: number, buffer: Uint8Array) => this.#read(buffer.subarray(0, length)),
    };
    this.#socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('connect', () => this.#ask());
    this.#socket.on('error', () => done(0, 0, false));
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(): void {
    const { paths, port } = this.#plan;
    this.#askedAt = performance.now();
    this.#bytes = 0;
    this.#progress = { is: 'head', text: Buffer.alloc(0) };
    this.#socket.write(`GET ${paths[this.#next++ % paths.length]} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  }

  #read(bytes: Uint8Array): boolean {
    let rest = bytes;
    if (this.#progress.is === 'head') {
      const text = Buffer.concat([this.#progress.text, rest]);
      const end = text.indexOf(HEAD_END);
      if (end < 0) {
        this.#progress = { is: 'head', text };
        return true;
      }
      const head = text.subarray(0, end).toString('latin1');
      this.#isFine = head.startsWith('HTTP/1.1 200');
      this.#progress = { is: 'body', left: Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN) };
      rest = text.subarray(end + HEAD_END.length);
    }
    this.#progress.left -= rest.byteLength;
    this.#bytes += rest.byteLength;
    if (this.#progress.left > 0) return true;
    this.#done(performance.now() - this.#askedAt, this.#bytes, this.#isFine && this.#progress.left === 0);
    this.#ask();
    return true;
  }
}

/** Told when counting begins and ends. */
export interface LoadEvents {
  measuring(): void;
  measured(): void;
}

/** Runs in a process of its own: it takes a core. */
export async function runLoad(plan: LoadPlan, events: LoadEvents): Promise<LoadResult> {
  let isMeasuring = false;
  let bytes = 0;
  let failures = 0;
  const times: number[] = [];
  const connections = Array.from(
    { length: plan.connections },
    (_, number) =>
      new LoadConnection(plan, number, (ms, received, isFine) => {
        if (!isFine) failures += 1;
        if (!isMeasuring) return;
        bytes += received;
        times.push(ms);
      }),
  );
  await new Promise((resolve) => setTimeout(resolve, plan.warmUpMs));
  isMeasuring = true;
  const began = performance.now();
  const cpu = process.cpuUsage();
  events.measuring();
  await new Promise((resolve) => setTimeout(resolve, plan.measureMs));
  isMeasuring = false;
  const { user, system } = process.cpuUsage(cpu);
  events.measured();
  const seconds = (performance.now() - began) / 1000;
  for (const connection of connections) connection.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] ?? Number.NaN;
  return {
    requests: times.length,
    bytes,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    cpuSeconds: (user + system) / 1e6,
    failures,
  };
}
