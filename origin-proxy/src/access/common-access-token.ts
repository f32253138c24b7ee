import { createHmac, timingSafeEqual } from 'node:crypto';
import { Decoder, Encoder, type Tag } from 'cbor-x';
import type { Clock } from '../clock.ts';
import type { Access, AccessCheck, AccessRequest } from './access.ts';
import { type Claims, judgeClaims } from './cat-claims.ts';
import { findToken } from './find-token.ts';

export interface CatRules {
  /** `kid:hex` */
  readonly keys: readonly string[];
  readonly issuer?: string | undefined;
}

/** CTA-5007 §5: where a token is. */
const PLACES = { parameter: 'cat', cookie: 'cta-common-access-token', header: 'cta-common-access-token' };
const CWT_TAG = 61; // RFC 8392 §6
const MAC0_TAG = 17; // RFC 9052 §2
const ALGORITHM = 1; // header parameters of RFC 9052 §3.1
const KEY_ID = 4;
const HMAC_256 = 5; // RFC 9053 §3.1

const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
const encoder = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false });

/** Common Access Tokens (CTA-5007): CBOR Web Tokens with an HMAC. Whatever a token asks for that is not checked here, refuses it. */
export class CommonAccessTokens implements AccessCheck {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #issuer: string | undefined;
  readonly #clock: Clock;

  /** @throws {TypeError} for what is no key */
  constructor({ keys, issuer }: CatRules, clock: Clock) {
    this.#keys = new Map(keys.map(parseKey));
    this.#issuer = issuer;
    this.#clock = clock;
  }

  check(request: AccessRequest): Access {
    const token = findToken(request, PLACES);
    if (!token) return { is: 'refused', status: 401, why: 'a token is needed' };
    const claims = this.#open(token.text);
    if (!claims) return { is: 'refused', status: 403, why: 'the token is not ours' };
    const refusal = judgeClaims(claims, request, { now: this.#clock.now() / 1000, issuer: this.#issuer });
    if (refusal !== undefined) return { is: 'refused', status: 403, why: refusal };
    return { is: 'granted', ...(token.carry !== undefined && { carry: token.carry }) };
  }

  /** The claims of a token that one of our keys has signed. */
  #open(text: string): Claims | undefined {
    try {
      const message = untagged(untagged(decoder.decode(Buffer.from(text, 'base64url')), CWT_TAG), MAC0_TAG);
      if (!Array.isArray(message) || message.length !== 4) return undefined;
      const [guarded, open, payload, tag] = message as unknown[];
      if (!(guarded instanceof Uint8Array && payload instanceof Uint8Array && tag instanceof Uint8Array))
        return undefined;
      const headers = decoder.decode(guarded) as Map<number, unknown>;
      const key = this.#keyOf(headers.get(KEY_ID) ?? (open instanceof Map ? open.get(KEY_ID) : undefined));
      if (!key || headers.get(ALGORITHM) !== HMAC_256) return undefined;
      // RFC 9052 §6.3: what is authenticated.
      const expected = createHmac('sha256', key)
        .update(encoder.encode(['MAC0', guarded, new Uint8Array(), payload]))
        .digest();
      if (tag.byteLength !== expected.byteLength || !timingSafeEqual(tag, expected)) return undefined;
      const claims: unknown = decoder.decode(payload);
      return claims instanceof Map ? claims : undefined;
    } catch {
      return undefined;
    }
  }

  #keyOf(id: unknown): Buffer | undefined {
    if (id instanceof Uint8Array) return this.#keys.get(Buffer.from(id).toString('utf8'));
    return typeof id === 'string' ? this.#keys.get(id) : undefined;
  }
}

function untagged(value: unknown, tag: number): unknown {
  const tagged = value as Tag | undefined;
  return typeof value === 'object' && tagged && 'tag' in tagged && tagged.tag === tag ? tagged.value : value;
}

function parseKey(text: string): [string, Buffer] {
  const [, id, hex] = /^([^:]+):((?:[0-9a-f]{2}){16,})$/i.exec(text) ?? [];
  if (id === undefined || hex === undefined) {
    throw new TypeError('a key of Common Access Tokens must be kid:hex, with at least 32 hexadecimal digits');
  }
  return [id, Buffer.from(hex, 'hex')];
}
