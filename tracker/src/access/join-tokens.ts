import { type CryptoKey, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import type { TokenKeySet } from './token-key-set.ts';
import { isFor, parseTerms, type TokenTerms } from './token-terms.ts';
import type { UsedTokens } from './used-tokens.ts';

export const tokenProblems = [
  'missing',
  'forged',
  'expired',
  'not-yet-valid',
  'malformed',
  'other-swarm',
  'used',
] as const;
export type TokenProblem = (typeof tokenProblems)[number];

export type TokenVerdict =
  | { readonly is: 'good'; readonly terms: TokenTerms; readonly expiresInMs: number }
  | { readonly is: 'refused'; readonly because: TokenProblem; readonly message: string }
  /** The keys cannot be had at the moment: neither good nor bad. */
  | { readonly is: 'undecided' };

export interface TokenKeys {
  /** HS256; several while one replaces the other. */
  readonly secrets: readonly Uint8Array[];
  /** ES256 and EdDSA. */
  readonly keySet: TokenKeySet | undefined;
}

/** Clocks of the site and of the tracker differ by that much, seconds. */
const CLOCK_TOLERANCE_SECONDS = 10;

/** Each algorithm has its own kind of key: a public key is never taken for an HMAC secret, and `none` is none of them. */
const SECRET_ALGORITHM = 'HS256';
const PUBLIC_KEY_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'];

/** Looks at join tokens (JWT, RFC 7519). */
export class JoinTokens {
  readonly #keys: TokenKeys;
  readonly #used: UsedTokens;
  readonly #epochMs: () => number;

  /** @param epochMs the time of day, milliseconds since 1970 */
  constructor(keys: TokenKeys, used: UsedTokens, epochMs: () => number) {
    this.#keys = keys;
    this.#used = used;
    this.#epochMs = epochMs;
  }

  /** One that is for one use is used by this. Never throws, whatever the token is. */
  async check(token: string | undefined): Promise<TokenVerdict> {
    return await this.#use(await this.#look(token));
  }

  /** As `check`, and whether it is for this swarm. */
  async checkFor(swarm: string, token: string | undefined): Promise<TokenVerdict> {
    const verdict = await this.#look(token);
    if (verdict.is === 'good' && !isFor(verdict.terms, swarm)) return otherSwarm;
    return await this.#use(verdict);
  }

  async #look(token: string | undefined): Promise<TokenVerdict> {
    if (token === undefined) return refusal('missing', 'this tracker wants a token');
    try {
      return this.#judge(await this.#claimsOf(token));
    } catch (error) {
      return verdictOn(error);
    }
  }

  async #use(verdict: TokenVerdict): Promise<TokenVerdict> {
    if (verdict.is !== 'good' || verdict.terms.onceId === undefined) return verdict;
    const isFirst = await this.#used.take(verdict.terms.onceId, verdict.expiresInMs);
    return isFirst ? verdict : refusal('used', 'the token is for one use, and was used');
  }

  #judge(claims: { readonly [name: string]: unknown }): TokenVerdict {
    const terms = parseTerms(claims);
    if (typeof terms === 'string') return refusal('malformed', terms);
    const expiresInMs = (terms.expiresAt + CLOCK_TOLERANCE_SECONDS) * 1000 - this.#epochMs();
    return { is: 'good', terms, expiresInMs };
  }

  async #claimsOf(token: string) {
    const alg = algorithmOf(token);
    const rules = {
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(this.#epochMs()),
      requiredClaims: ['exp'],
    };
    if (alg === SECRET_ALGORITHM) {
      return await firstThatVerifies(this.#keys.secrets, async (secret) => {
        return (await jwtVerify(token, secret, { ...rules, algorithms: [SECRET_ALGORITHM] })).payload;
      });
    }
    const publicRules = { ...rules, algorithms: PUBLIC_KEY_ALGORITHMS };
    const { keySet } = this.#keys;
    if (!keySet) throw new errors.JOSEAlgNotAllowed();
    try {
      return (await jwtVerify(token, keySet.find, publicRules)).payload;
    } catch (error) {
      // Without a key id several keys may fit.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      const candidates: CryptoKey[] = [];
      for await (const key of error) candidates.push(key);
      return await firstThatVerifies(candidates, async (key) => (await jwtVerify(token, key, publicRules)).payload);
    }
  }
}

async function firstThatVerifies<K, T>(keys: readonly K[], verify: (key: K) => Promise<T>): Promise<T> {
  for (const key of keys) {
    try {
      return await verify(key);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function algorithmOf(token: string): string | undefined {
  try {
    const header = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    return (header as JWTHeaderParameters | null)?.alg;
  } catch {
    return undefined;
  }
}

const otherSwarm: TokenVerdict = refusal('other-swarm', 'the token is for another swarm');

function refusal(because: TokenProblem, message: string): TokenVerdict {
  return { is: 'refused', because, message };
}

function verdictOn(error: unknown): TokenVerdict {
  if (error instanceof errors.JWTExpired) return refusal('expired', 'the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf'
      ? refusal('not-yet-valid', 'the token is not valid yet')
      : refusal('malformed', `the token's ${error.claim} is missing or wrong`);
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return refusal('forged', 'the token is not signed with a key of this site');
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return refusal('malformed', 'the token is no JWT');
  }
  // The key set could not be fetched, or is none: that is not the viewer's fault.
  return { is: 'undecided' };
}
