import { createHmac } from 'node:crypto';
import type { IceServer } from '@nearcast/protocol';

export interface TurnConfig {
  /** `turn:` and `turns:` URLs of one deployment. */
  readonly urls: readonly string[];
  /** Shared with the TURN server: coturn's `static-auth-secret`. */
  readonly secret: string;
  /** How long a credential is good for, seconds. */
  readonly ttlSeconds: number;
}

/**
 * What a viewer logs in to the TURN server with, for a while (draft-uberti-behave-turn-rest-00): the server knows the
 * secret alone, and the viewer never does.
 *
 * @param nowSeconds seconds since 1970: the TURN server's clock must agree
 */
export function turnServer({ urls, secret, ttlSeconds }: TurnConfig, viewer: string, nowSeconds: number): IceServer {
  const username = `${Math.floor(nowSeconds) + ttlSeconds}:${viewer}`;
  return { urls, username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
