import { readFile } from 'node:fs/promises';
import { type ManifestJwk, parseManifestJwk } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';

/** Where an edge says which keys its manifests are signed with changes only when keys are exchanged. */
const REFRESH_EVERY_MS = 300_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const ANSWER_WITHIN_MS = 10_000;

/** The keys that viewers are told to trust: read from the edge's JWKS (RFC 7517 §5), kept when it is away. */
export class ManifestKeys {
  readonly #source: string;
  readonly #clock: Clock;
  readonly #failed: (problem: string) => void;
  #current: readonly ManifestJwk[] = [];
  #retryMs = FIRST_RETRY_MS;
  #cancel: () => void = () => undefined;

  /**
   * @param source URL or file of a JWK set
   * @param failed told each time it could not be had
   */
  constructor(source: string, clock: Clock, failed: (problem: string) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#failed = failed;
  }

  get current(): readonly ManifestJwk[] {
    return this.#current;
  }

  /** Reads them now and from time to time; settles after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    let afterMs = REFRESH_EVERY_MS;
    try {
      this.#current = parseKeySet(await this.#read());
      this.#retryMs = FIRST_RETRY_MS;
    } catch (error) {
      this.#failed(`no manifest keys from ${this.#source}: ${(error as Error).message}`);
      afterMs = this.#retryMs;
      this.#retryMs = Math.min(LONGEST_RETRY_MS, 2 * this.#retryMs);
    }
    this.#cancel = this.#clock.after(afterMs, () => void this.start());
  }

  stop(): void {
    this.#cancel();
  }

  async #read(): Promise<string> {
    if (!/^https?:/.test(this.#source)) return await readFile(this.#source, 'utf8');
    const response = await fetch(this.#source, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.text();
  }
}

/** @throws {Error} when it is no JWK set with at least one key that can sign manifests */
export function parseKeySet(text: string): ManifestJwk[] {
  const { keys } = JSON.parse(text) as { keys?: unknown };
  const usable = Array.isArray(keys) ? keys.flatMap((key) => parseManifestJwk(key) ?? []) : [];
  if (usable.length === 0) throw new Error('it has no P-256 key');
  return usable;
}
