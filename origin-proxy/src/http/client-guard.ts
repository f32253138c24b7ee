import type { IncomingMessage } from 'node:http';
import { clientNetwork } from '@nearcast/service-kit';
import proxyAddr from 'proxy-addr';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface ClientRules {
  /** Networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Requests per second of one client address; 0 is no limit. */
  readonly clientRate: number;
}

/** A player that starts or seeks asks for much at once. */
const BURST_SECONDS = 10;

/** Knows clients by their addresses, and how much each may ask for. Addresses are kept for seconds and never told. */
export class ClientGuard {
  readonly #isTrusted: (address: string, hop: number) => boolean;
  readonly #limiter: RateLimiterMemory | undefined;

  /** @throws {TypeError} when a trusted proxy is no address or network */
  constructor({ trustedProxies, clientRate }: ClientRules) {
    this.#isTrusted = proxyAddr.compile([...trustedProxies]);
    this.#limiter =
      clientRate > 0
        ? new RateLimiterMemory({ points: clientRate * BURST_SECONDS, duration: BURST_SECONDS })
        : undefined;
  }

  /** The nearest address that is no trusted proxy's: what stands further left in the header, anyone can write. */
  addressOf(request: IncomingMessage): string {
    return proxyAddr(request, this.#isTrusted) ?? '';
  }

  async mayAsk(address: string): Promise<boolean> {
    if (!this.#limiter) return true;
    try {
      await this.#limiter.consume(clientNetwork(address));
      return true;
    } catch {
      return false;
    }
  }
}
