import { JoinTokens } from './join-tokens.ts';
import { readSecret } from './token-key.ts';
import { TokenKeySet } from './token-key-set.ts';
import type { UsedTokens } from './used-tokens.ts';

export interface TokenSources {
  readonly tokenKey?: readonly string[];
  readonly tokenJwks?: string;
}

/**
 * @param failed told whenever the site's key set cannot be had
 * @returns undefined when no key is configured: then nobody needs a token
 * @throws {TypeError} when a secret cannot be read; `start` rejects with one when the file of the key set cannot be
 */
export function openJoinTokens(
  { tokenKey, tokenJwks }: TokenSources,
  used: UsedTokens,
  epochMs: () => number,
  failed: (problem: string) => void,
): { readonly tokens: JoinTokens; start(): Promise<void> } | undefined {
  if (tokenKey === undefined && tokenJwks === undefined) return undefined;
  const secrets = (tokenKey ?? []).map((given) => readSecret('--token-key', given));
  const keySet = tokenJwks === undefined ? undefined : new TokenKeySet(tokenJwks, failed);
  return { tokens: new JoinTokens({ secrets, keySet }, used, epochMs), start: async () => await keySet?.start() };
}
