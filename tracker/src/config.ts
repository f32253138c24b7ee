import { listParser, optionsOf, parsePort, wholeNumber } from '@nearcast/service-kit';
import { Command, InvalidArgumentError } from 'commander';
import { type AccessConfig, accessDefaults, addAccessOptions } from './access/access-config.ts';
import { type AddressHeader, addressHeaders } from './access/client-address.ts';
import { addIceOptions, type IceConfig, iceDefaults, iceProblem } from './ice/ice-config.ts';
import { addLocalityOptions, type LocalityConfig, localityDefaults } from './locality/locality-config.ts';
import { addReportOptions, type ReportConfig, reportDefaults } from './reports/report-config.ts';

/** Everything that an operator can set; each flag is also an environment variable (`--port` → NEARCAST_TRACKER_PORT). */
export interface TrackerConfig extends AccessConfig, IceConfig, LocalityConfig, ReportConfig {
  /** Port for viewers (WebSocket); 0 picks a free one. */
  readonly port: number;
  /** Address that viewers connect to. */
  readonly host: string;
  /** Port for operators: metrics, health. */
  readonly adminPort: number;
  /** Address of the admin port: loopback unless told otherwise. */
  readonly adminHost: string;
  /** How often WebTorrent clients are told to announce, seconds. */
  readonly announceInterval: number;
  /** How often players are asked for a report, seconds. The first comes after ten. */
  readonly reportInterval: number;
  /** Connections at once. */
  readonly maxConnections: number;
  /** A connection that was silent for nearly twice this time is asked for a sign of life; after three times it is closed. Seconds. */
  readonly pingInterval: number;
  /** URL or file with the keys (JWKS) that viewers are to trust: the edge's `/.well-known/nearcast/keys.json`. */
  readonly manifestKeys?: string;
  /** Who looks at the console must show this (`Authorization: Bearer …`); without it, whoever reaches the admin port may. */
  readonly adminToken?: string;
  /** Admin ports of the edges, as URLs, whose counters the console shows beside the players'. */
  readonly edgeAdmin: readonly string[];
  /** URL or file with the infohashes that may have swarms: an edge's `/torrents/infohashes`; without it all may. */
  readonly publishedFiles?: string;
  /** Addresses and networks (CIDR) of the proxies in front, whose word on a viewer's address is believed. */
  readonly trustedProxies: readonly string[];
  /** Where those proxies write it. */
  readonly addressHeader: AddressHeader;
  /** Whether those proxies begin each connection with a header of the PROXY protocol. */
  readonly proxyProtocol: 'on' | 'off';
  /** URL of the Redis that makes several replicas one tracker; without it this process is the whole tracker. */
  readonly redis?: string;
  /** Over how many seconds connections are sent away after SIGTERM. */
  readonly drainSeconds: number;
}

export const defaults: TrackerConfig = {
  port: 8000,
  host: '0.0.0.0',
  adminPort: 9100,
  adminHost: '127.0.0.1',
  announceInterval: 120,
  // Often enough that who reports is not pinged.
  reportInterval: 50,
  maxConnections: 50_000,
  // Twice this is less than the minute after which proxies take a silent connection for gone.
  pingInterval: 28,
  edgeAdmin: [],
  trustedProxies: [],
  addressHeader: 'x-forwarded-for',
  proxyProtocol: 'off',
  drainSeconds: 20,
  ...accessDefaults,
  ...iceDefaults,
  ...localityDefaults,
  ...reportDefaults,
};

const option = optionsOf('NEARCAST_TRACKER');

/** The command line; it prints one line and exits with 1 for whatever it does not know. */
export function trackerCommand(): Command {
  const command = new Command('nearcast-tracker')
    .description('Introduces viewers to each other and counts what they save.')
    .addOption(option('--port <number>', 'port for viewers').default(defaults.port).argParser(parsePort))
    .addOption(option('--host <address>', 'address for viewers').default(defaults.host))
    .addOption(
      option('--admin-port <number>', 'port for metrics and health').default(defaults.adminPort).argParser(parsePort),
    )
    .addOption(option('--admin-host <address>', 'address of the admin port').default(defaults.adminHost))
    .addOption(
      option('--announce-interval <seconds>', 'how often WebTorrent clients announce')
        .default(defaults.announceInterval)
        .argParser(wholeNumber(5, 3600)),
    )
    .addOption(
      option('--report-interval <seconds>', 'how often players report')
        .default(defaults.reportInterval)
        .argParser(wholeNumber(1, 3600)),
    )
    .addOption(
      option('--max-connections <number>', 'connections at once')
        .default(defaults.maxConnections)
        .argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(
      option('--ping-interval <seconds>', 'silent connections are pinged after nearly twice this time')
        .default(defaults.pingInterval)
        .argParser(wholeNumber(1, 3600)),
    )
    .addOption(option('--manifest-keys <url|file>', "JWKS that manifests are signed with: the edge's keys.json"))
    .addOption(option('--admin-token <secret>', 'what the console asks for'))
    .addOption(
      option('--edge-admin <urls>', 'admin ports of edges, for the console')
        .default(defaults.edgeAdmin)
        .argParser(listParser()),
    )
    .addOption(
      option('--published-files <url|file>', "infohashes that alone may have swarms: the edge's /torrents/infohashes"),
    )
    .addOption(
      option('--trusted-proxies <networks>', "proxies in front whose word on a viewer's address is believed (CIDR)")
        .default(defaults.trustedProxies)
        .argParser(listParser()),
    )
    .addOption(
      option('--address-header <name>', 'the header they write it to')
        .choices(addressHeaders)
        .default(defaults.addressHeader),
    )
    .addOption(
      option('--proxy-protocol <on|off>', 'whether they begin each connection with the PROXY protocol (version 1 or 2)')
        .choices(['on', 'off'])
        .default(defaults.proxyProtocol),
    )
    .addOption(
      option('--redis <url>', 'through which replicas are one tracker: redis://host:6379').argParser(parseRedisUrl),
    )
    .addOption(
      option('--drain-seconds <seconds>', 'over how long viewers are sent away at the end')
        .default(defaults.drainSeconds)
        .argParser(wholeNumber(0, 3600)),
    )
    .allowExcessArguments(false);
  return addAccessOptions(addReportOptions(addLocalityOptions(addIceOptions(command))));
}

function parseRedisUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : undefined;
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    throw new InvalidArgumentError('Expected redis://… or rediss://…');
  return text;
}

export function parseConfig(argv: readonly string[]): TrackerConfig {
  const command = trackerCommand().parse(argv, { from: 'user' });
  const config = command.opts<TrackerConfig>();
  const problem = iceProblem(config);
  if (problem !== undefined) command.error(`error: ${problem}`);
  return config;
}
