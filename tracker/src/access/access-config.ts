import { listParser, optionsOf, wholeNumber } from '@nearcast/service-kit';
import type { Command } from 'commander';

/** Who may take part, and how much of it. */
export interface AccessConfig {
  /** Secrets (HS256) that join tokens may be signed with: hex, base64 or a file; with one, viewers need a token. */
  readonly tokenKey?: readonly string[];
  /** URL or file of the public keys (JWKS; ES256, EdDSA) that join tokens may be signed with; with one, viewers need a token. */
  readonly tokenJwks?: string;
  /** What swarm ids are sealed with: hex, base64 or a file; with one, only sealed ids are swarms. */
  readonly swarmKey?: readonly string[];
  /** Origins whose pages may connect (`https://www.example.com`, `*.example.com`); without any, all may. */
  readonly allowOrigin: readonly string[];
  /** Whether clients of the WebTorrent dialect are let in: stock webtorrent and p2p-media-loader, and files. */
  readonly webtorrent: 'on' | 'off';
  /** Connections, and joins, of one public address (IPv6: /64) per minute; 0 is no limit. */
  readonly joinsPerAddress: number;
  /** Joins of one swarm per second, twenty seconds' worth at once; 0 is no limit. Beyond it viewers are to come back a little later. */
  readonly joinsPerSwarm: number;
  /** Open connections of one public address; 0 is no limit, for behind one address there may be a whole office. */
  readonly connectionsPerAddress: number;
  /** Others that one viewer may ask to meet per hour, those of its joins included, over reconnects; 0 is no limit. */
  readonly maxIntroductions: number;
}

export const accessDefaults: AccessConfig = {
  allowOrigin: [],
  webtorrent: 'on',
  joinsPerAddress: 120,
  joinsPerSwarm: 1000,
  connectionsPerAddress: 0,
  maxIntroductions: 600,
};

const option = optionsOf('NEARCAST_TRACKER');

export function addAccessOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--token-key <secrets>',
        'secrets that join tokens are signed with (HS256): hex, base64 or file',
      ).argParser(listParser()),
    )
    .addOption(option('--token-jwks <url|file>', 'public keys that join tokens are signed with (ES256, EdDSA)'))
    .addOption(
      option('--swarm-key <secrets>', 'what swarm ids are sealed with: hex, base64 or file').argParser(listParser()),
    )
    .addOption(
      option('--allow-origin <origins>', 'whose pages may connect: https://www.example.com, *.example.com')
        .default(accessDefaults.allowOrigin)
        .argParser(listParser()),
    )
    .addOption(
      option('--webtorrent <on|off>', 'whether stock WebTorrent clients are let in')
        .choices(['on', 'off'])
        .default(accessDefaults.webtorrent),
    )
    .addOption(
      option('--joins-per-address <number>', 'connections, and joins, of one address per minute; 0: no limit')
        .default(accessDefaults.joinsPerAddress)
        .argParser(wholeNumber(0, 1_000_000)),
    )
    .addOption(
      option('--joins-per-swarm <number>', 'joins of one swarm per second; 0: no limit')
        .default(accessDefaults.joinsPerSwarm)
        .argParser(wholeNumber(0, 1_000_000)),
    )
    .addOption(
      option('--connections-per-address <number>', 'open connections of one address; 0: no limit')
        .default(accessDefaults.connectionsPerAddress)
        .argParser(wholeNumber(0, 1_000_000)),
    )
    .addOption(
      option('--max-introductions <number>', 'others that a viewer may ask to meet per hour; 0: no limit')
        .default(accessDefaults.maxIntroductions)
        .argParser(wholeNumber(0, 1_000_000)),
    );
}
