import type { TrackerConfig } from '../config.ts';
import type { Directory } from '../directory/open-directory.ts';
import { ReportDesk, type ReportDeskDeps } from './report-desk.ts';
import { labelsFor } from './report-labels.ts';

export function openReportDesk(
  config: TrackerConfig,
  deps: Pick<ReportDeskDeps, 'metrics' | 'clock'>,
  { viewers, askOthers }: Directory,
): ReportDesk {
  return new ReportDesk({
    ...deps,
    labels: labelsFor(config.contentLabels, config.regionLabels),
    isHere: ({ id, connection }) => viewers.viewerAt(connection)?.id === id,
    reportEveryMs: config.reportInterval * 1000,
    ...(askOthers && { askOthers }),
  });
}
