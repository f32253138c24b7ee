import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Access, AccessCheck, AccessRequest } from './access.ts';
import { findToken } from './find-token.ts';

/**
 * Signed URLs in the form of Akamai's EdgeAuth 2.0, for which there are generators in every language:
 *
 *     st=1700000000~exp=1700003600~acl=/live/*~hmac=<HMAC-SHA256 of all before, hexadecimal>
 *
 * `acl` lists paths ("!" between them, "*" for anything); instead of it the very path may be signed without being
 * repeated in the token (`url=` in the signed text). `ip` binds it to an address.
 */
export class SignedUrls implements AccessCheck {
  readonly #keys: readonly Buffer[];
  readonly #name: string;
  readonly #clock: Clock;

  /** @param keys any of them may have signed; hexadecimal @throws {TypeError} for what is no key */
  constructor(keys: readonly string[], name: string, clock: Clock) {
    this.#keys = keys.map(parseKey);
    this.#name = name.toLowerCase();
    this.#clock = clock;
  }

  check(request: AccessRequest): Access {
    const token = findToken(request, { parameter: this.#name, cookie: this.#name });
    if (!token) return { is: 'refused', status: 401, why: 'a token is needed' };
    // A site may have escaped the whole token for the query, or signed patterns that are escaped.
    const refusal = this.#judge(token.asSent, request) && this.#judge(token.text, request);
    if (refusal !== undefined) return { is: 'refused', status: 403, why: refusal };
    return { is: 'granted', ...(token.carry !== undefined && { carry: token.carry }) };
  }

  /** @returns what is wrong with it */
  #judge(text: string, { path, address }: AccessRequest): string | undefined {
    const [, signed, hmac] = /^(.*)~hmac=([0-9a-f]{64})$/i.exec(text) ?? [];
    if (signed === undefined || hmac === undefined) return 'the token is malformed';
    const fields = new Map(signed.split('~').map((field) => split(field)));
    const acl = fields.get('acl');
    const content = acl === undefined ? `${signed}~url=${path}` : signed;
    if (!this.#keys.some((key) => isHmac(content, key, hmac))) return 'the token is not ours';
    const now = this.#clock.now() / 1000;
    // Without an end a token that got about would be good for ever.
    if (!(Number(fields.get('exp')) > now)) return 'the token has expired';
    if (fields.has('st') && !(Number(fields.get('st')) <= now)) return 'the token is not valid yet';
    if (fields.has('ip') && fields.get('ip') !== address) return 'the token is another address’s';
    if (acl !== undefined && !acl.split('!').some((pattern) => matches(path, pattern)))
      return 'the token is for other paths';
    return undefined;
  }
}

function parseKey(hex: string): Buffer {
  if (!/^(?:[0-9a-f]{2}){16,}$/i.test(hex)) throw new TypeError('a token key must be at least 32 hexadecimal digits');
  return Buffer.from(hex, 'hex');
}

function split(field: string): [string, string] {
  const equals = field.indexOf('=');
  return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)];
}

function isHmac(text: string, key: Buffer, hmac: string): boolean {
  return timingSafeEqual(createHmac('sha256', key).update(text).digest(), Buffer.from(hmac, 'hex'));
}

/** "*" is any number of characters, "?" is one. Generators may have escaped the pattern. */
function matches(path: string, pattern: string): boolean {
  let plain = pattern;
  try {
    plain = decodeURIComponent(pattern);
  } catch {
    // As it stands, then.
  }
  return globMatches(path, plain);
}

/** Without a regular expression: patterns of many stars would make one take for ever. */
function globMatches(text: string, pattern: string): boolean {
  let [at, to, star, retry] = [0, 0, -1, 0];
  while (at < text.length) {
    if (to < pattern.length && pattern[to] === '*') {
      star = to++;
      retry = at;
    } else if (to < pattern.length && (pattern[to] === '?' || pattern[to] === text[at])) {
      at++;
      to++;
    } else if (star >= 0) {
      to = star + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[to] === '*') to++;
  return to === pattern.length;
}
