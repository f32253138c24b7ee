import { Agent, errors, request } from 'undici';
import { type Origin, OriginError, type OriginResponse } from './origin.ts';

export interface HttpOriginTimeouts {
  readonly connectMs: number;
  /** Until the response headers are there. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly bodyMs: number;
}

/** An origin behind HTTP(S): `base` may have a path, which is put before every target. */
export class HttpOrigin implements Origin {
  readonly #base: URL;
  readonly #agent: Agent;

  constructor(base: URL, timeouts: HttpOriginTimeouts) {
    this.#base = base;
    this.#agent = new Agent({
      connect: { timeout: timeouts.connectMs },
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.bodyMs,
      connections: 128,
    });
  }

  async get(target: string, signal: AbortSignal): Promise<OriginResponse> {
    const url = this.#base.origin + this.#base.pathname.replace(/\/$/, '') + target;
    try {
      // `identity`: what is cached, ranged and hashed must be the object, not one encoding of it.
      const headers = { 'accept-encoding': 'identity' };
      const response = await request(url, { dispatcher: this.#agent, signal, headers });
      return { status: response.statusCode, headers: singleValues(response.headers), body: response.body };
    } catch (error) {
      if (error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError) {
        throw OriginError.timeout(error);
      }
      throw OriginError.unreachable(error);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function singleValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return single;
}
