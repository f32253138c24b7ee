import type { Clock } from '../clock.ts';
import { announcedBytes, Fill } from '../origin/fill.ts';
import { type Origin, OriginError, type OriginRequest, type OriginResponse } from '../origin/origin.ts';
import { type Ask, isAuthorized } from './ask.ts';
import type { Head, Headers, SlicedObject, WholeObject } from './cached-object.ts';
import { freshnessOf, isShareable, isStorable, type PlaylistLifetime, type Received } from './freshness.ts';
import type { MemoryStore, Release } from './memory-store.ts';
import { kindOf } from './object-kind.ts';
import { variantKey, variesOn } from './vary.ts';

/** A body on its way, for all who wait. */
export interface Arrival {
  readonly is: 'arriving';
  /** Under which it may be kept, and what tells it from other responses of the same URL. */
  readonly key: string;
  readonly variesOn: readonly string[];
  readonly head: Head;
  readonly fill: Fill;
  /** Once it is complete; `undefined` when it is too large for that. Rejects when it breaks off. */
  readonly object: Promise<WholeObject | undefined>;
  readonly mayBeKept: boolean;
  /** Whether its end can be told from a broken connection. */
  readonly isProven: boolean;
  /** Its room in memory, to be given back once it is kept or gone. */
  readonly room: Release;
}

/** What asking the origin came to. */
export type Fetched =
  | Arrival
  /** What was stored is still right, or is too large to come in one piece. */
  | { readonly is: 'known'; readonly object: WholeObject | SlicedObject; readonly isConfirmed: boolean }
  /** For the one who asked; whoever waits has to ask alone. */
  | { readonly is: 'personal'; readonly head: Head; readonly response: OriginResponse };

export interface FetchDeps {
  readonly origin: Origin;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  /** Larger objects are cached in slices, where the origin gives slices. */
  readonly sliceAbove: number;
  /** Names of the headers that the origin is sent. */
  readonly sentNames: ReadonlySet<string>;
  readonly playlistLifetime: (ask: Ask, text: string) => PlaylistLifetime;
  readonly events: FetchEvents;
}

export interface FetchEvents {
  received(bytes: number): void;
  hashed(seconds: number): void;
  answered(seconds: number, isFine: boolean): void;
}

/** How long a body may wait for room in memory. */
const ROOM_WITHIN_MS = 15_000;
/** Room for a body that does not say how large it is. */
const UNANNOUNCED_BYTES = 1024 * 1024;

export class ObjectFetcher {
  readonly #deps: FetchDeps;
  readonly #end = new AbortController();

  constructor(deps: FetchDeps) {
    this.#deps = deps;
  }

  /**
   * @param stale what is stored and has to be confirmed
   * @param maySlice whether the origin may be trusted with byte ranges of this object
   * @throws {OriginError}
   */
  async fetch(
    ask: Ask,
    key: string,
    stale: WholeObject | SlicedObject | undefined,
    maySlice: boolean,
  ): Promise<Fetched> {
    const requestedAt = this.#deps.clock.now();
    const response = await this.get(ask, stale ? conditionsFor(stale.head.headers) : {});
    const received = this.#receivedOf(ask, response, requestedAt);
    const { status, headers } = response;
    if (status === 304 || status === 206) {
      response.cancel();
      if (status === 304 && stale)
        return { is: 'known', object: this.#confirmed(ask, stale, received), isConfirmed: true };
      throw OriginError.misbehaving(`answered ${status} to a request for a whole object`);
    }
    const head: Head = { kind: received.kind, status, headers, freshness: freshnessOf(received) };
    const size = announcedBytes(response);
    const isLarge = status === 200 && size !== undefined && size > this.#deps.sliceAbove;
    if (!isShareable(received) || (isLarge && !(maySlice && canBeSliced(headers)))) {
      return { is: 'personal', head, response };
    }
    if (isLarge) {
      response.cancel();
      return { is: 'known', object: { is: 'sliced', key, head, size }, isConfirmed: false };
    }
    return await this.#receive(ask, head, received, response);
  }

  /** One request to the origin, timed. @throws {OriginError} */
  async get(ask: Ask, extra: Headers, signal: AbortSignal = this.#end.signal): Promise<OriginResponse> {
    const { origin, events } = this.#deps;
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const request: OriginRequest = { target: ask.target, headers: { ...ask.headers, ...extra }, signal };
    const { headersTimeoutMs } = ask;
    try {
      const response = await origin.get(headersTimeoutMs === undefined ? request : { ...request, headersTimeoutMs });
      events.answered(seconds(), response.status < 500);
      return response;
    } catch (error) {
      events.answered(seconds(), false);
      throw error;
    }
  }

  /** Reads a body into memory, once there is room. @throws {OriginError} */
  async fill(response: OriginResponse, tooLarge: () => void): Promise<{ fill: Fill; room: Release }> {
    const { memory, sliceAbove, events } = this.#deps;
    const bytes = announcedBytes(response) ?? UNANNOUNCED_BYTES;
    try {
      // A signal with a time-out is memory for as long as that: only those who have to wait need one.
      const room =
        memory.reserveNow(bytes) ??
        (await memory.reserve(bytes, AbortSignal.any([this.#end.signal, AbortSignal.timeout(ROOM_WITHIN_MS)])));
      const received = (count: number) => events.received(count);
      const hashed = (seconds: number) => events.hashed(seconds);
      return { fill: new Fill(response, { maxBytes: sliceAbove, received, hashed, tooLarge }), room };
    } catch (error) {
      response.cancel();
      throw OriginError.noRoom(error);
    }
  }

  /** Ends whatever is on its way. */
  close(): void {
    this.#end.abort();
  }

  async #receive(ask: Ask, head: Head, received: Received, response: OriginResponse): Promise<Arrival> {
    const names = variesOn(head.headers.vary, this.#deps.sentNames);
    const key = variantKey(ask.key, names, ask.headers);
    let wasTooLarge: () => void = () => undefined;
    const { fill, room } = await this.fill(response, () => wasTooLarge());
    const object = new Promise<WholeObject | undefined>((resolve, reject) => {
      wasTooLarge = () => resolve(undefined);
      fill.whole.then(
        (whole) =>
          resolve(whole && { is: 'whole', key, head: this.#finalHead(ask, head, received, whole.body), ...whole }),
        reject,
      );
    });
    object.catch(() => undefined);
    const mayBeKept = isStorable(received) && received.status < 500 && response.endIsMarked;
    return {
      is: 'arriving',
      key,
      variesOn: names,
      head,
      fill,
      object,
      mayBeKept,
      isProven: response.endIsMarked,
      room,
    };
  }

  /** How long a playlist may be kept, only its text tells. */
  #finalHead(ask: Ask, head: Head, received: Received, body: Buffer): Head {
    if (head.kind !== 'playlist' || head.status !== 200) return head;
    return { ...head, freshness: freshnessOf(received, this.#deps.playlistLifetime(ask, body.toString('utf8'))) };
  }

  /** RFC 9111 §4.3.4: the stored body with what the origin says about it now. */
  #confirmed<T extends WholeObject | SlicedObject>(ask: Ask, stale: T, received: Received): T {
    const headers: Record<string, string> = { ...stale.head.headers, ...received.headers };
    for (const name of ABOUT_THE_BODY) {
      const stored = stale.head.headers[name];
      if (stored === undefined) delete headers[name];
      else headers[name] = stored;
    }
    const { status, kind } = stale.head;
    const now: Received = { ...received, kind, status, headers };
    const head: Head = { kind, status, headers, freshness: freshnessOf(now) };
    return { ...stale, head: stale.is === 'whole' ? this.#finalHead(ask, head, now, stale.body) : head };
  }

  #receivedOf(ask: Ask, { status, headers }: OriginResponse, requestedAt: number): Received {
    const kind = kindOf(ask.path, headers['content-type']);
    const receivedAt = this.#deps.clock.now();
    return { path: ask.path, kind, status, headers, requestedAt, receivedAt, authorized: isAuthorized(ask) };
  }
}

/** RFC 9111 §4.3.1. */
function conditionsFor(headers: Headers): Headers {
  const { etag, 'last-modified': modified } = headers;
  return { ...(etag && { 'if-none-match': etag }), ...(modified && { 'if-modified-since': modified }) };
}

/** RFC 9111 §3.2: what a 304 does not change, for it describes the body that is kept. */
const ABOUT_THE_BODY = [
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'etag',
];

/** Slices fetched one by one belong together only if something tells one version of the object from another. */
function canBeSliced({
  etag,
  'last-modified': modified,
  'accept-ranges': ranges,
  'content-encoding': encoding,
}: Headers): boolean {
  const hasValidator = etag === undefined ? modified !== undefined : !etag.startsWith('W/');
  return ranges === 'bytes' && hasValidator && encoding === undefined;
}
