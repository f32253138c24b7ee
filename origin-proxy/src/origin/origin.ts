/** Where objects come from when the cache has none. */
export interface Origin {
  /**
   * @param target path and query as asked for, beginning with "/"; never a way out of the origin
   * @throws {OriginError} when no response begins; a body that breaks off later throws while it is read
   */
  get(target: string, signal: AbortSignal): Promise<OriginResponse>;
  close(): Promise<void>;
}

export interface OriginResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export type OriginFailure = 'unreachable' | 'timeout' | 'broken-off' | 'forbidden-path';

export class OriginError extends Error {
  readonly reason: OriginFailure;

  private constructor(reason: OriginFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OriginError';
    this.reason = reason;
  }

  static unreachable(cause: unknown): OriginError {
    return new OriginError('unreachable', 'the origin cannot be reached', cause);
  }

  static timeout(cause: unknown): OriginError {
    return new OriginError('timeout', 'the origin did not answer in time', cause);
  }

  static brokenOff(received: number, announced: number): OriginError {
    return new OriginError('broken-off', `the origin announced ${announced} bytes and sent ${received}`);
  }

  static forbiddenPath(): OriginError {
    return new OriginError('forbidden-path', 'the path leads out of the origin');
  }
}
