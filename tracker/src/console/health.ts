import type { HealthCheck } from './console-view.ts';

export interface HealthFacts {
  readonly isDraining: boolean;
  readonly viewers: number;
  /** Since the last playback report; undefined before the first. */
  readonly sinceReportMs: number | undefined;
  readonly reportEveryMs: number;
  readonly edgesAnswering: number;
  readonly edges: number;
  readonly rejectedChunks: number;
}

export function checkHealth(facts: HealthFacts): readonly HealthCheck[] {
  const { isDraining, viewers, sinceReportMs, reportEveryMs, edgesAnswering, edges, rejectedChunks } = facts;
  const checks: HealthCheck[] = [
    { name: 'Tracker', isWell: !isDraining, detail: isDraining ? 'is sending its viewers away' : 'takes viewers' },
    {
      name: 'Reports',
      isWell: viewers === 0 || (sinceReportMs !== undefined && sinceReportMs < 3 * reportEveryMs),
      detail: sinceReportMs === undefined ? 'none yet' : `last ${Math.round(sinceReportMs / 1000)} s ago`,
    },
    {
      name: 'Wrong chunks',
      isWell: rejectedChunks === 0,
      detail: rejectedChunks === 0 ? 'none' : `${rejectedChunks} refused, none played`,
    },
  ];
  const answering = { name: 'Edges', isWell: edgesAnswering === edges, detail: `${edgesAnswering} of ${edges} answer` };
  return edges === 0 ? checks : [...checks, answering];
}
