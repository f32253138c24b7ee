import { Agent, errors, request } from 'undici';
import { endToEndHeaders } from './end-to-end-headers.ts';
import { type Origin, OriginError, type OriginRequest, type OriginResponse } from './origin.ts';

export interface HttpOriginTimeouts {
  readonly connectMs: number;
  /** Until the response headers are there. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly bodyMs: number;
}

const MAX_CONNECTIONS = 256;

/** An origin behind HTTP(S): `base` may have a path, which is put before every target. Redirects are not followed. */
export class HttpOrigin implements Origin {
  readonly #prefix: string;
  readonly #via: string;
  readonly #agent: Agent;

  /** @param via how this edge names itself to the origin (RFC 9110 §7.6.3) */
  constructor(base: URL, timeouts: HttpOriginTimeouts, via: string) {
    this.#prefix = base.origin + base.pathname.replace(/\/$/, '');
    this.#via = via;
    this.#agent = new Agent({
      connect: { timeout: timeouts.connectMs },
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.bodyMs,
      connections: MAX_CONNECTIONS,
    });
  }

  async get({ target, headers, signal, headersTimeoutMs }: OriginRequest): Promise<OriginResponse> {
    try {
      const response = await request(this.#prefix + target, {
        dispatcher: this.#agent,
        signal,
        // `identity`: what is cached, ranged and hashed must be the object, not one encoding of it.
        headers: { ...headers, 'accept-encoding': 'identity', via: this.#via },
        ...(headersTimeoutMs === undefined ? {} : { headersTimeout: headersTimeoutMs }),
      });
      const { statusCode: status, body } = response;
      const endIsMarked =
        response.headers['content-length'] !== undefined ||
        /\bchunked\b/i.test(String(response.headers['transfer-encoding'] ?? '')) ||
        status === 204 ||
        status === 304;
      return {
        status,
        headers: this.#withoutOwnName(endToEndHeaders(response.headers)),
        body: failuresOf(body),
        endIsMarked,
        cancel: () => void body.on('error', () => undefined).destroy(),
      };
    } catch (error) {
      throw signal.aborted ? OriginError.timeout(error) : originErrorOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Viewers know nothing of the origin's name: a redirect within it is one within the edge. */
  #withoutOwnName(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const { location } = headers;
    if (!location?.startsWith(`${this.#prefix}/`)) return headers;
    return { ...headers, location: location.slice(this.#prefix.length) };
  }
}

/** The same body; what goes wrong while it is read is told in our terms. */
async function* failuresOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let received = 0;
  try {
    for await (const piece of body) {
      received += piece.byteLength;
      yield piece;
    }
  } catch (error) {
    if (error instanceof errors.BodyTimeoutError) throw OriginError.timeout(error);
    throw OriginError.brokenOff(received, undefined, error);
  }
}

function originErrorOf(error: unknown): OriginError {
  if (error instanceof errors.ConnectTimeoutError) return OriginError.connectTimeout(error);
  if (error instanceof errors.HeadersTimeoutError) return OriginError.timeout(error);
  if (error instanceof errors.HTTPParserError) return OriginError.misbehaving('does not speak HTTP');
  return OriginError.unreachable(error);
}
