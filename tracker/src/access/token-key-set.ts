import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

export interface KeySetTimes {
  /** An unknown key id makes it look again, at most so often. */
  readonly lookAgainAfterMs: number;
  /** A set that is older is fetched again with the next token: a withdrawn key counts for no longer. */
  readonly maxAgeMs: number;
}

export const keySetTimes: KeySetTimes = { lookAgainAfterMs: 5000, maxAgeMs: 300_000 };

const ANSWER_WITHIN_MS = 5000;

/** The site's public keys: a JWK set (RFC 7517 §5) from a URL or a file; when it is away the last one counts. */
export class TokenKeySet {
  readonly find: JWTVerifyGetKey;
  readonly #source: string;
  readonly #failed: (problem: string) => void;
  readonly #reload: () => Promise<void>;
  #last: string | undefined;

  /** @param failed told each time it could not be had */
  constructor(source: string, failed: (problem: string) => void, times: KeySetTimes = keySetTimes) {
    this.#source = source;
    this.#failed = failed;
    const keys = createRemoteJWKSet(isUrl(source) ? new URL(source) : pathToFileURL(source), {
      cooldownDuration: times.lookAgainAfterMs,
      cacheMaxAge: times.maxAgeMs,
      timeoutDuration: ANSWER_WITHIN_MS,
      [customFetch]: (_url, { signal }) => this.#answer(signal),
    });
    this.find = keys;
    this.#reload = () => keys.reload();
  }

  /** Reads it once. A URL may come later; a file that cannot be read is a mistake in the configuration. */
  async start(): Promise<void> {
    try {
      await this.#reload();
    } catch (error) {
      if (!isUrl(this.#source)) throw new TypeError(`--token-jwks ${this.#source}: ${(error as Error).message}`);
    }
  }

  async #answer(signal: AbortSignal): Promise<Response> {
    try {
      const text = isUrl(this.#source) ? await fetched(this.#source, signal) : await readFile(this.#source, 'utf8');
      JSON.parse(text);
      this.#last = text;
    } catch (error) {
      this.#failed(`no token keys from ${this.#source}: ${(error as Error).message}`);
      if (this.#last === undefined) throw error;
    }
    return new Response(this.#last);
  }
}

function isUrl(source: string): boolean {
  return /^https?:/.test(source);
}

async function fetched(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return await response.text();
}
