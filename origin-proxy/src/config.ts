import { optionsOf, parsePort, parseSize } from '@nearcast/service-kit';
import { Command } from 'commander';

/** Everything that an operator can set; each flag is also an environment variable (`--port` → NEARCAST_EDGE_PORT). */
export interface EdgeConfig {
  /** Where objects come from: an http(s) URL or a folder. */
  readonly origin: string;
  /** Port for viewers; 0 picks a free one. */
  readonly port: number;
  /** Address that viewers connect to. */
  readonly host: string;
  /** Port for operators: metrics, health. */
  readonly adminPort: number;
  /** Address of the admin port: loopback unless told otherwise. */
  readonly adminHost: string;
  /** Bytes of the memory cache. */
  readonly memorySize: number;
}

export const defaults: Omit<EdgeConfig, 'origin'> = {
  port: 8080,
  host: '0.0.0.0',
  adminPort: 9101,
  adminHost: '127.0.0.1',
  memorySize: 512 * 1024 ** 2,
};

const option = optionsOf('NEARCAST_EDGE');

/** The command line; it prints one line and exits with 1 for whatever it does not know. */
export function edgeCommand(): Command {
  return new Command('nearcast-edge')
    .description('The cache in front of an HLS origin.')
    .addOption(option('--origin <url|dir>', 'where objects come from').makeOptionMandatory())
    .addOption(option('--port <number>', 'port for viewers').default(defaults.port).argParser(parsePort))
    .addOption(option('--host <address>', 'address for viewers').default(defaults.host))
    .addOption(
      option('--admin-port <number>', 'port for metrics and health').default(defaults.adminPort).argParser(parsePort),
    )
    .addOption(option('--admin-host <address>', 'address of the admin port').default(defaults.adminHost))
    .addOption(
      option('--memory-size <size>', 'memory cache').default(defaults.memorySize, '512MiB').argParser(parseSize),
    )
    .allowExcessArguments(false);
}

export function parseConfig(argv: readonly string[]): EdgeConfig {
  return edgeCommand().parse(argv, { from: 'user' }).opts<EdgeConfig>();
}
