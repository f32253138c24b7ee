import { optionsOf, parsePort } from '@nearcast/service-kit';
import { Command } from 'commander';

/** The ports of the demo; 0 picks a free one. */
export interface DemoConfig {
  /** The page. */
  readonly port: number;
  readonly trackerPort: number;
  readonly edgePort: number;
  readonly trackerAdminPort: number;
  readonly edgeAdminPort: number;
  /** The address that all of it listens on. */
  readonly host: string;
  /** PEM file of the key that manifests are signed with, made when missing; without one: a key for this run alone. */
  readonly signingKey?: string;
  /** Whether WebTorrent clients are introduced for nothing but the edge's files. */
  readonly onlyPublishedFiles?: boolean;
}

export const defaults: DemoConfig = {
  port: 3000,
  trackerPort: 8000,
  edgePort: 8080,
  trackerAdminPort: 9100,
  edgeAdminPort: 9101,
  host: '127.0.0.1',
};

const option = optionsOf('NEARCAST_DEMO');

export function parseConfig(argv: readonly string[]): DemoConfig {
  const port = (flag: string, help: string, fallback: number) =>
    option(`--${flag} <number>`, help).default(fallback).argParser(parsePort);
  return new Command('npm start --')
    .description('A site with Nearcast: origin, edge, tracker and a page to watch.')
    .addOption(port('port', 'port of the page', defaults.port))
    .addOption(port('tracker-port', 'port of the tracker', defaults.trackerPort))
    .addOption(port('edge-port', 'port of the edge', defaults.edgePort))
    .addOption(port('tracker-admin-port', 'metrics of the tracker', defaults.trackerAdminPort))
    .addOption(port('edge-admin-port', 'metrics of the edge', defaults.edgeAdminPort))
    .addOption(option('--host <address>', 'address to listen on; 0.0.0.0 for other devices').default(defaults.host))
    .addOption(option('--signing-key <file>', 'key for manifests, made when missing; without it one for this run'))
    .addOption(option('--only-published-files', "WebTorrent swarms for the edge's files alone"))
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
    .opts<DemoConfig>();
}
