import { listParser, optionsOf, parsePort, parseSize, wholeNumber } from '@nearcast/service-kit';
import { Command } from 'commander';
import { type TorrentConfig, torrentDefaults, torrentOptions } from './torrent/torrent-config.ts';

/** Everything that an operator can set; each flag is also an environment variable (`--port` → NEARCAST_EDGE_PORT). */
export interface EdgeConfig extends TorrentConfig {
  /** Where objects come from: http(s) URLs or folders that have the same, the first that is well is asked. */
  readonly origin: string | readonly string[];
  /** Port for viewers; 0 picks a free one. */
  readonly port: number;
  /** Address that viewers connect to. */
  readonly host: string;
  /** Port for operators: metrics, health, purging. */
  readonly adminPort: number;
  /** Address of the admin port: loopback unless told otherwise. */
  readonly adminHost: string;
  /** Bytes of all bodies in memory: cached, arriving, being sent, and up to 96 MiB for what is not collected yet. */
  readonly memorySize: number;
  /** Folder of the disk cache; without one there is none. */
  readonly cacheDir?: string;
  /** Bytes of the disk cache. */
  readonly cacheSize: number;
  /** Objects of more bytes are fetched and cached in slices of 4 MiB. */
  readonly sliceAbove: number;
  /** Query parameters that are part of the cache key. The origin gets them; all others but `passQuery` it does not. */
  readonly cacheQuery: readonly string[];
  /** Query parameters that the origin gets, but that make no difference to its answer. */
  readonly passQuery: readonly string[];
  /** Request headers that the origin gets. Its `Vary` counts for these; it never sees others. */
  readonly forwardHeaders: readonly string[];
  /** Seconds until the origin has to begin its answer. */
  readonly originTimeout: number;
  /** PEM files of the keys that manifests are signed with; the first signs. Without one: a key for this run alone. */
  readonly signingKey: readonly string[];
  /** Hexadecimal keys of signed URLs; with one, a token is needed for everything but the JWKS. */
  readonly tokenKey: readonly string[];
  /** Name of the query parameter or cookie that has the token. */
  readonly tokenName: string;
  /** Keys of Common Access Tokens (CTA-5007), `kid:hex`. */
  readonly catKey: readonly string[];
  /** Who must have issued a Common Access Token. */
  readonly catIssuer?: string;
  /** Sites whose players may read responses; "*" is any. */
  readonly allowOrigin: readonly string[];
  /** Requests per second of one client address, over ten seconds; 0 is no limit. */
  readonly clientRate: number;
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

export const defaults: Omit<EdgeConfig, 'origin'> = {
  port: 8080,
  host: '0.0.0.0',
  adminPort: 9101,
  adminHost: '127.0.0.1',
  memorySize: 512 * 1024 ** 2,
  cacheSize: 10 * 1024 ** 3,
  sliceAbove: 64 * 1024 ** 2,
  cacheQuery: [],
  passQuery: [],
  forwardHeaders: ['accept', 'accept-language'],
  originTimeout: 15,
  signingKey: [],
  tokenKey: [],
  tokenName: 'hdnts',
  catKey: [],
  allowOrigin: ['*'],
  clientRate: 0,
  trustedProxies: [],
  ...torrentDefaults,
};

const option = optionsOf('NEARCAST_EDGE');
const MIB = 1024 ** 2;

/** The command line; it prints one line and exits with 1 for whatever it does not know. */
export function edgeCommand(): Command {
  const command = new Command('nearcast-edge')
    .description('The cache in front of an HLS origin.')
    .addOption(
      option('--origin <url|dir>', 'where objects come from; several for failover')
        .argParser(listParser())
        .makeOptionMandatory(),
    )
    .addOption(option('--port <number>', 'port for viewers').default(defaults.port).argParser(parsePort))
    .addOption(option('--host <address>', 'address for viewers').default(defaults.host))
    .addOption(
      option('--admin-port <number>', 'port for metrics, health and purging')
        .default(defaults.adminPort)
        .argParser(parsePort),
    )
    .addOption(option('--admin-host <address>', 'address of the admin port').default(defaults.adminHost))
    .addOption(
      option('--memory-size <size>', 'memory for bodies')
        .default(defaults.memorySize, '512MiB')
        .argParser(parseSizeFrom(MIB)),
    )
    .addOption(option('--cache-dir <dir>', 'folder of the disk cache; without it there is none'))
    .addOption(
      option('--cache-size <size>', 'size of the disk cache')
        .default(defaults.cacheSize, '10GiB')
        .argParser(parseSizeFrom(MIB)),
    )
    .addOption(
      option('--slice-above <size>', 'cache larger objects in slices')
        .default(defaults.sliceAbove, '64MiB')
        .argParser(parseSizeFrom(MIB)),
    )
    .addOption(list('--cache-query <names>', 'query parameters that are part of the cache key'))
    .addOption(list('--pass-query <names>', 'query parameters that only the origin needs'))
    .addOption(
      list('--forward-headers <names>', 'request headers that the origin gets').default(
        defaults.forwardHeaders,
        defaults.forwardHeaders.join(','),
      ),
    )
    .addOption(
      option('--origin-timeout <seconds>', 'until the origin has to begin its answer')
        .default(defaults.originTimeout)
        .argParser(wholeNumber(1, 3600)),
    )
    .addOption(list('--signing-key <files>', 'keys for manifests (PEM, made when missing); the first signs'))
    .addOption(list('--token-key <keys>', 'hexadecimal keys of signed URLs; any is accepted'))
    .addOption(option('--token-name <name>', 'query parameter or cookie with the token').default(defaults.tokenName))
    .addOption(list('--cat-key <kid:hex>', 'keys of Common Access Tokens'))
    .addOption(option('--cat-issuer <name>', 'who must have issued a Common Access Token'))
    .addOption(
      list('--allow-origin <sites>', 'sites whose players may read responses').default(defaults.allowOrigin, '*'),
    )
    .addOption(
      option('--client-rate <number>', 'requests per second of one address; 0: no limit')
        .default(defaults.clientRate)
        .argParser(wholeNumber(0, 1_000_000)),
    )
    .addOption(list('--trusted-proxies <networks>', 'whose X-Forwarded-For is believed'))
    .allowExcessArguments(false)
    .addHelpText('after', '\nManifests for a site that another CDN serves: nearcast-edge sign --help');
  for (const torrentOption of torrentOptions()) command.addOption(torrentOption);
  return command;
}

function list(flags: string, help: string) {
  return option(flags, help).default([], 'none').argParser(listParser());
}

function parseSizeFrom(min: number): (text: string) => number {
  return (text) => parseSize(text, min);
}

export function parseConfig(argv: readonly string[]): EdgeConfig {
  return edgeCommand().parse(argv, { from: 'user' }).opts<EdgeConfig>();
}
