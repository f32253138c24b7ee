import { createHash } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import type { AccessRequest } from './access.ts';

/** The claims of a Common Access Token by their numbers (RFC 8392 §4, CTA-5007 §4). */
export type Claims = ReadonlyMap<unknown, unknown>;

export interface ClaimContext {
  /** Seconds since 1970. */
  readonly now: number;
  readonly issuer: string | undefined;
}

type Judge = (value: unknown, request: AccessRequest, context: ClaimContext) => boolean;

/** What a claim demands, and what is said when it is not met. Claims that demand nothing of the edge are always met. */
const JUDGES = new Map<unknown, { readonly holds: Judge; readonly why: string }>([
  [
    1,
    {
      holds: (issuer, _, context) => context.issuer === undefined || issuer === context.issuer,
      why: 'the token has another issuer',
    },
  ],
  [2, { holds: () => true, why: '' }], // sub
  [4, { holds: (end, _, { now }) => Number(end) > now, why: 'the token has expired' }],
  [5, { holds: (start, _, { now }) => Number(start) <= now, why: 'the token is not valid yet' }],
  [6, { holds: () => true, why: '' }], // iat
  [7, { holds: () => true, why: '' }], // cti
  [308, { holds: (replay) => replay === 0, why: 'the token may be used once only, which this edge cannot see to' }],
  [310, { holds: (version) => version === 1, why: 'the token has an unknown version' }],
  [311, { holds: (networks, { address }) => isInNetworks(address, networks), why: 'the token is for other networks' }],
  [312, { holds: (parts, request) => matchesUri(parts, request), why: 'the token is for other URLs' }],
  [
    313,
    {
      holds: (methods, { method }) => Array.isArray(methods) && methods.includes(method),
      why: 'the token is for other methods',
    },
  ],
  [322, { holds: () => true, why: '' }], // catif: what to say when refused
  [323, { holds: () => true, why: '' }], // catr: how to renew
]);

/** @returns what is wrong with it */
export function judgeClaims(claims: Claims, request: AccessRequest, context: ClaimContext): string | undefined {
  // Without an end a token that got about would be good for ever.
  if (!claims.has(4)) return 'the token never expires';
  if (context.issuer !== undefined && !claims.has(1)) return 'the token names no issuer';
  for (const [claim, value] of claims) {
    const judge = JUDGES.get(claim);
    if (!judge) return `the token restricts what this edge cannot check (claim ${String(claim)})`;
    if (!judge.holds(value, request, context)) return judge.why;
  }
  return undefined;
}

/** CTA-5007, catu: parts of the URL, by their numbers. What is in front of the edge decides scheme and port. */
function uriPart(part: unknown, { path, headers }: AccessRequest): string | undefined {
  const slash = path.lastIndexOf('/');
  const filename = path.slice(slash + 1);
  const dot = filename.indexOf('.');
  switch (part) {
    case 1:
      return String(headers.host ?? '').replace(/:\d+$/, '');
    case 3:
      return path;
    case 5:
      return path.slice(0, slash);
    case 6:
      return filename;
    case 7:
      return dot < 0 ? filename : filename.slice(0, dot);
    case 8:
      return dot < 0 ? '' : filename.slice(dot);
    default:
      return undefined;
  }
}

function matchesUri(parts: unknown, request: AccessRequest): boolean {
  if (!(parts instanceof Map)) return false;
  return [...parts].every(([part, matches]) => {
    const text = uriPart(part, request);
    return (
      text !== undefined &&
      matches instanceof Map &&
      [...matches].every(([kind, value]) => matchesText(text, kind, value))
    );
  });
}

function matchesText(text: string, kind: unknown, value: unknown): boolean {
  if (kind === -1 || kind === -2) {
    const digest = createHash(kind === -1 ? 'sha256' : 'sha512-256')
      .update(text)
      .digest();
    return value instanceof Uint8Array && digest.equals(value);
  }
  if (typeof value !== 'string') return false;
  switch (kind) {
    case 0:
      return text === value;
    case 1:
      return text.startsWith(value);
    case 2:
      return text.endsWith(value);
    case 3:
      return text.includes(value);
    default:
      return false;
  }
}

/** RFC 9164: addresses and prefixes are tags 52 and 54, of bytes or of [length, bytes]. */
function isInNetworks(address: string, networks: unknown): boolean {
  if (!Array.isArray(networks)) return false;
  const list = new BlockList();
  for (const network of networks as unknown[]) addNetwork(list, network);
  return list.check(
    address.replace(/^::ffff:(?=\d+\.)/i, ''),
    isIPv6(address) && !/^::ffff:\d+\./i.test(address) ? 'ipv6' : 'ipv4',
  );
}

function addNetwork(list: BlockList, network: unknown): void {
  const { tag, value } = (typeof network === 'object' && network ? network : {}) as { tag?: unknown; value?: unknown };
  const family = tag === 52 ? 'ipv4' : tag === 54 ? 'ipv6' : undefined;
  if (family === undefined) return; // an autonomous system, which the edge does not know of
  const whole = family === 'ipv4' ? 4 : 16;
  const [length, bytes] = Array.isArray(value) ? (value as unknown[]) : [whole * 8, value];
  if (typeof length !== 'number' || !(bytes instanceof Uint8Array) || bytes.byteLength > whole) return;
  const padded = Buffer.alloc(whole);
  padded.set(bytes);
  const text = family === 'ipv4' ? padded.join('.') : (padded.toString('hex').match(/.{4}/g) ?? []).join(':');
  list.addSubnet(text, length, family);
}
