import type { Headers } from '../cache/cached-object.ts';

/** Where objects come from when the cache has none. */
export interface Origin {
  /** @throws {OriginError} when no response begins; a body that breaks off later throws while it is read */
  get(request: OriginRequest): Promise<OriginResponse>;
  close(): Promise<void>;
}

export interface OriginRequest {
  /** Path and query, beginning with "/"; never a way out of the origin. */
  readonly target: string;
  /** Lower-case names; conditions and a range included. */
  readonly headers: Headers;
  readonly signal: AbortSignal;
  /** How long the origin may think; default: as configured. A blocking reload is held for seconds on purpose. */
  readonly headersTimeoutMs?: number;
}

export interface OriginResponse {
  readonly status: number;
  /** Lower-case names; only those that are meant for more than one connection. */
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  /** Whether the end of the body can be told from a connection that broke (RFC 9112 §8). */
  readonly endIsMarked: boolean;
  /** Ends the transfer; the rest of the body is not wanted. */
  cancel(): void;
}

export type OriginFailure =
  | 'unreachable'
  | 'connect-timeout'
  | 'timeout'
  | 'broken-off'
  | 'changed'
  | 'misbehaving'
  | 'no-room'
  | 'failed'
  | 'forbidden-path';

export class OriginError extends Error {
  readonly reason: OriginFailure;
  /** What it answered, when it answered. */
  readonly status: number | undefined;

  private constructor(reason: OriginFailure, message: string, cause?: unknown, status?: number) {
    super(message, { cause });
    this.name = 'OriginError';
    this.reason = reason;
    this.status = status;
  }

  static unreachable(cause: unknown): OriginError {
    return new OriginError('unreachable', 'the origin cannot be reached', cause);
  }

  static connectTimeout(cause: unknown): OriginError {
    return new OriginError('connect-timeout', 'the origin cannot be reached in time', cause);
  }

  static timeout(cause?: unknown): OriginError {
    return new OriginError('timeout', 'the origin did not answer in time', cause);
  }

  static brokenOff(received: number, announced?: number, cause?: unknown): OriginError {
    const expected = announced === undefined ? '' : ` of ${announced}`;
    return new OriginError('broken-off', `the origin broke off after ${received}${expected} bytes`, cause);
  }

  /** The object became another one while it was fetched in parts. */
  static changed(): OriginError {
    return new OriginError('changed', 'the origin changed the object while it was fetched');
  }

  static misbehaving(how: string): OriginError {
    return new OriginError('misbehaving', `the origin ${how}`);
  }

  /** It answered with an error of its own (5xx). Its page is nothing for viewers. */
  static failed(status: number): OriginError {
    return new OriginError('failed', `the origin answered ${status}`, undefined, status);
  }

  /** Too much is on its way already. */
  static noRoom(cause: unknown): OriginError {
    return new OriginError('no-room', 'the edge has no memory left for this now', cause);
  }

  static forbiddenPath(): OriginError {
    return new OriginError('forbidden-path', 'the path leads out of the origin');
  }
}
