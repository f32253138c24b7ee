import { listParser, optionsOf } from '@nearcast/service-kit';
import type { Command } from 'commander';
import { type ContentLabel, parseContentLabels, parseRegionLabels } from './report-labels.ts';

/** What the counters of players are told apart by. */
export interface ReportConfig {
  /** Under which labels the playback of which swarms is counted. */
  readonly contentLabels: readonly ContentLabel[];
  /** Regions that are counted by their own name. */
  readonly regionLabels: readonly string[];
}

export const reportDefaults: ReportConfig = { contentLabels: [], regionLabels: [] };

const option = optionsOf('NEARCAST_TRACKER');

export function addReportOptions(command: Command): Command {
  return command
    .addOption(
      option('--content-labels <pattern=label,...>', 'what swarms are counted as, * for anything; others are "other"')
        .default(reportDefaults.contentLabels, 'none')
        .argParser(listOf(parseContentLabels)),
    )
    .addOption(
      option('--region-labels <regions>', 'regions that are counted by name; others are "other"')
        .default(reportDefaults.regionLabels, 'none')
        .argParser(listOf(parseRegionLabels)),
    );
}

function listOf<T>(parse: (items: readonly string[]) => T): (text: string) => T {
  const list = listParser();
  return (text) => parse(list(text));
}
