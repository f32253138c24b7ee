import { listParser, optionsOf, wholeNumber } from '@nearcast/service-kit';
import type { Command } from 'commander';

/** How the tracker tells who is near whom. */
export interface LocalityConfig {
  /** File with the operator's networks: CIDR, blanks, site name. */
  readonly sites?: string;
  /** Files in MaxMind's format with networks (ASN), cities or better countries; the first that knows wins. */
  readonly geoDb: readonly string[];
  /** Viewers of one region that share one mesh and one duty ring. Default 2,000. */
  readonly cellSize: number;
}

export const localityDefaults: LocalityConfig = { geoDb: [], cellSize: 2000 };

const option = optionsOf('NEARCAST_TRACKER');

export function addLocalityOptions(command: Command): Command {
  return command
    .addOption(option('--sites <file>', 'your networks: a CIDR and a site name on each line'))
    .addOption(
      option('--geo-db <files>', 'databases in MaxMind format: networks (ASN), cities, countries')
        .default(localityDefaults.geoDb)
        .argParser(listParser()),
    )
    .addOption(
      option('--cell-size <viewers>', 'viewers of a region that share one mesh')
        .default(localityDefaults.cellSize)
        .argParser(wholeNumber(50, 100_000)),
    );
}
