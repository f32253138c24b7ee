import { isIPv6 } from 'node:net';
import type { IceServer } from '@nearcast/protocol';
import { listParser, optionsOf, parsePort, wholeNumber } from '@nearcast/service-kit';
import type { Command } from 'commander';
import { turnServer } from './turn-credentials.ts';

/** How viewers that are not in one network find a way to each other. */
export interface IceConfig {
  /** UDP port on which the tracker answers STUN requests; 0 is off. Default 0. */
  readonly stunPort: number;
  /** Name or address under which viewers reach this tracker. */
  readonly publicHost?: string;
  /** `turn:` and `turns:` URLs that viewers may relay through. */
  readonly turnUrl: readonly string[];
  /** What the TURN server and the tracker share. */
  readonly turnSecret?: string;
  /** How long a TURN credential is good for, seconds. Default one day: longer than anybody watches. */
  readonly turnTtl: number;
}

export const iceDefaults: IceConfig = { stunPort: 0, turnUrl: [], turnTtl: 86_400 };

const option = optionsOf('NEARCAST_TRACKER');

export function addIceOptions(command: Command): Command {
  return command
    .addOption(
      option('--stun-port <number>', 'UDP port for STUN; 0 is off').default(iceDefaults.stunPort).argParser(parsePort),
    )
    .addOption(option('--public-host <name>', 'name or address of this tracker, as viewers see it'))
    .addOption(
      option('--turn-url <urls>', 'turn: and turns: URLs for viewers')
        .default(iceDefaults.turnUrl)
        .argParser(listParser()),
    )
    .addOption(option('--turn-secret <secret>', "the TURN server's static-auth-secret"))
    .addOption(
      option('--turn-ttl <seconds>', 'how long a TURN credential is good for')
        .default(iceDefaults.turnTtl)
        .argParser(wholeNumber(60, 30 * 86_400)),
    );
}

/** RFC 7065: a host, perhaps a port, perhaps a transport. */
const TURN_URL = /^turns?:(\[[\da-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?$/;
const MAX_TURN_URLS = 8;

/** @returns what is wrong, for the operator, or nothing */
export function iceProblem({ stunPort, publicHost, turnUrl, turnSecret }: IceConfig): string | undefined {
  if (stunPort > 0 && publicHost === undefined)
    return '--stun-port needs --public-host: viewers must be told where it is';
  if (publicHost !== undefined && !isHost(publicHost)) return `--public-host is not a name or address: ${publicHost}`;
  if (turnUrl.length > MAX_TURN_URLS) return `--turn-url takes at most ${MAX_TURN_URLS} URLs`;
  const wrong = turnUrl.find((url) => !TURN_URL.test(url));
  if (wrong !== undefined) return `--turn-url is not a TURN URL such as turn:turn.example.com:3478: ${wrong}`;
  if (turnUrl.length > 0 && turnSecret === undefined) return '--turn-url needs --turn-secret';
  if (turnUrl.length === 0 && turnSecret !== undefined) return '--turn-secret needs --turn-url';
  return undefined;
}

function isHost(text: string): boolean {
  return isIPv6(text) || /^[\w-]+(\.[\w-]+)*$/.test(text);
}

/** What a viewer is told, in its welcome: only what the operator runs, never anybody else's server. */
export function iceServersFor(config: IceConfig, viewer: string, nowSeconds: number): IceServer[] {
  const { stunPort, publicHost, turnUrl: urls, turnSecret: secret, turnTtl: ttlSeconds } = config;
  const host = publicHost !== undefined && isIPv6(publicHost) ? `[${publicHost}]` : publicHost;
  const stun = stunPort > 0 && host !== undefined ? [{ urls: [`stun:${host}:${stunPort}`] }] : [];
  return secret === undefined ? stun : [...stun, turnServer({ urls, secret, ttlSeconds }, viewer, nowSeconds)];
}
