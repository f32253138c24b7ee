import { type Origin, OriginError, type OriginFailure, type OriginRequest, type OriginResponse } from './origin.ts';
import { type Health, healthy, nextHealth, orderToAsk } from './origin-health.ts';

export interface Member {
  /** For metrics and messages. */
  readonly name: string;
  readonly origin: Origin;
}

export interface GroupEvents {
  failed(name: string, reason: OriginFailure): void;
  health(name: string, isUp: boolean): void;
}

const PROBE_WITHIN_MS = 2_000;
/** An origin that says so cannot serve this now; another may. */
const UNABLE = new Set([500, 502, 503, 504]);

/**
 * Several origins that have the same: the first that is well is asked, the next when it fails. Only as long as no
 * response has begun, for a GET may be repeated (RFC 9110 §9.2.2) but not half of one body joined to half of another's.
 */
export class OriginGroup implements Origin {
  readonly #members: readonly Member[];
  readonly #healths: Health[];
  readonly #events: GroupEvents;
  readonly #probes = new Map<number, NodeJS.Timeout>();

  constructor(members: readonly Member[], events: GroupEvents) {
    this.#members = members;
    this.#healths = members.map(() => healthy);
    this.#events = events;
    for (const { name } of members) events.health(name, true);
  }

  async get(request: OriginRequest): Promise<OriginResponse> {
    const order = orderToAsk(this.#healths);
    // With one origin, once more: a kept connection may have been closed while the request was on its way.
    const attempts = this.#members.length === 1 ? [...order, ...order] : order;
    let failure: unknown = OriginError.unreachable(new Error('every origin is down'));
    for (const [attempt, index] of attempts.entries()) {
      const isLast = attempt === attempts.length - 1;
      try {
        const response = await this.#ask(index, request);
        if (!UNABLE.has(response.status) || isLast || this.#members.length === 1) return response;
        response.cancel();
      } catch (error) {
        failure = error;
        if (!this.#isWorthRepeating(error, request)) throw error;
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    for (const probe of this.#probes.values()) clearTimeout(probe);
    await Promise.all(this.#members.map(({ origin }) => origin.close()));
  }

  async #ask(index: number, request: OriginRequest): Promise<OriginResponse> {
    const { origin, name } = this.#members[index] as Member;
    try {
      const response = await origin.get(request);
      const isUnable = UNABLE.has(response.status);
      if (isUnable) this.#events.failed(name, 'failed');
      this.#move(index, isUnable ? { is: 'failed', because: 'failed' } : { is: 'answered' });
      return response;
    } catch (error) {
      const isHeldBack =
        error instanceof OriginError && error.reason === 'timeout' && request.headersTimeoutMs !== undefined;
      if (error instanceof OriginError && error.reason !== 'forbidden-path' && !isHeldBack && !request.signal.aborted) {
        this.#events.failed(name, error.reason);
        this.#move(index, { is: 'failed', because: error.reason });
      }
      throw error;
    }
  }

  /** One origin that did not answer in time will not do so the second time; a stream that stands still has no better one. */
  #isWorthRepeating(error: unknown, { signal, headersTimeoutMs }: OriginRequest): boolean {
    if (signal.aborted || !(error instanceof OriginError)) return false;
    if (error.reason === 'unreachable') return true;
    const isTimeout = error.reason === 'connect-timeout' || error.reason === 'timeout';
    return isTimeout && this.#members.length > 1 && headersTimeoutMs === undefined;
  }

  #move(index: number, event: Parameters<typeof nextHealth>[1]): void {
    const before = this.#healths[index] as Health;
    const after = nextHealth(before, event);
    this.#healths[index] = after;
    if (before.is !== after.is) this.#events.health((this.#members[index] as Member).name, after.is === 'up');
    if (after.is === 'down' && !this.#probes.has(index)) this.#probeLater(index, after.probeAfterMs);
  }

  /** Viewers do not try out whether an origin is back. */
  #probeLater(index: number, afterMs: number): void {
    const timer = setTimeout(() => void this.#probe(index), afterMs).unref();
    this.#probes.set(index, timer);
  }

  async #probe(index: number): Promise<void> {
    const { origin } = this.#members[index] as Member;
    let isBack = false;
    try {
      const response = await origin.get({ target: '/', headers: {}, signal: AbortSignal.timeout(PROBE_WITHIN_MS) });
      response.cancel();
      isBack = response.status < 500;
    } catch {
      // Still away.
    }
    if (!this.#probes.delete(index)) return;
    this.#move(index, { is: isBack ? 'answered' : 'probe-failed' });
  }
}
