import { asList, asOneOf, asText, type JsonObject, MAX_SWARM_ID_LENGTH } from '@nearcast/protocol';

/** What a join token says of its bearer. */
export interface TokenTerms {
  /** Swarms it is for: ids, or beginnings of ids that end in `*`. */
  readonly swarms: readonly string[];
  /** Where the site says that the viewer is; without it the tracker finds out itself. */
  readonly region: string | undefined;
  readonly mayUpload: boolean;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** The viewer, as the site knows it; never shown to anybody. */
  readonly subject: string | undefined;
  /** Of a token that is for one use: what tells it from others. */
  readonly onceId: string | undefined;
}

const MAX_SWARMS_OF_A_TOKEN = 64;
const MAX_REGION_LENGTH = 64;
const MAX_NAME_LENGTH = 256;

/** @returns the terms, or in one sentence why the claims are none */
export function parseTerms(claims: JsonObject): TokenTerms | string {
  const swarms = asList([claims.swarm].flat(), MAX_SWARMS_OF_A_TOKEN).flatMap((swarm) => {
    return asText(swarm, MAX_SWARM_ID_LENGTH) ?? [];
  });
  if (swarms.length === 0) return 'the token names no swarm';
  if (typeof claims.exp !== 'number') return 'the token has no end (exp)';
  const upload = asOneOf(claims.upload ?? 'allow', ['allow', 'never']);
  // A policy that cannot be read must not become the generous one.
  if (upload === undefined) return 'the upload claim must be "allow" or "never"';
  const region = claims.region === undefined ? undefined : asText(claims.region, MAX_REGION_LENGTH);
  if (region === undefined && claims.region !== undefined) return 'the region claim must be a short text';
  const subject = asText(claims.sub, MAX_NAME_LENGTH);
  if (subject === undefined && claims.sub !== undefined) return 'the sub claim must be a short text';
  const use = asOneOf(claims.use ?? 'many', ['once', 'many']);
  if (use === undefined) return 'the use claim must be "once" or "many"';
  const onceId = use === 'once' ? asText(claims.jti, MAX_NAME_LENGTH) : undefined;
  if (use === 'once' && onceId === undefined) return 'a token for one use needs an id (jti), a short text';
  return { swarms, region, mayUpload: upload === 'allow', expiresAt: claims.exp, subject, onceId };
}

export function isFor({ swarms }: TokenTerms, swarm: string): boolean {
  return swarms.some((allowed) => (allowed.endsWith('*') ? swarm.startsWith(allowed.slice(0, -1)) : swarm === allowed));
}
