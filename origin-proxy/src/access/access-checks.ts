import type { Clock } from '../clock.ts';
import type { EdgeConfig } from '../config.ts';
import type { Access, AccessCheck } from './access.ts';
import { CommonAccessTokens } from './common-access-token.ts';
import { SignedUrls } from './signed-url.ts';

const open: AccessCheck = { check: () => ({ is: 'granted' }) };

/** As configured: open to all, or to those with a token of a kind that is accepted. @throws {TypeError} for bad keys */
export function accessChecks(config: EdgeConfig, clock: Clock): AccessCheck {
  const checks: AccessCheck[] = [];
  if (config.tokenKey.length > 0) checks.push(new SignedUrls(config.tokenKey, config.tokenName, clock));
  if (config.catKey.length > 0)
    checks.push(new CommonAccessTokens({ keys: config.catKey, issuer: config.catIssuer }, clock));
  return checks.length === 0 ? open : { check: async (request) => await firstGranted(checks, request) };
}

/** Granted by one is enough; otherwise what the last had to say against a token that was there. */
async function firstGranted(
  checks: readonly AccessCheck[],
  request: Parameters<AccessCheck['check']>[0],
): Promise<Access> {
  let refusal: Access = { is: 'refused', status: 401, why: 'a token is needed' };
  for (const check of checks) {
    const access = await check.check(request);
    if (access.is === 'granted') return access;
    if (access.status === 403) refusal = access;
  }
  return refusal;
}
