import type { PlaybackReport } from '@nearcast/protocol';
import type { ReportLabels } from '../reports/report-labels.ts';
import type { TalliedCounter, Tally } from './tallied-counter.ts';

/** What reports of one content and region add to. */
export interface ReportTallies {
  readonly labels: ReportLabels;
  readonly fromPeers: Tally;
  readonly fromEdge: Tally;
  readonly uploaded: Tally;
  readonly in: Readonly<Record<PlaybackReport['mode'], ModeTallies>>;
}

interface ModeTallies {
  readonly stalls: Tally;
  readonly stalledSeconds: Tally;
  readonly playedSeconds: Tally;
}

export interface ReportCounters {
  readonly deliveredBytes: TalliedCounter<'source' | keyof ReportLabels>;
  readonly uploadedBytes: TalliedCounter<keyof ReportLabels>;
  readonly stalls: TalliedCounter<'mode' | keyof ReportLabels>;
  readonly stalledSeconds: TalliedCounter<'mode' | keyof ReportLabels>;
  readonly playedSeconds: TalliedCounter<'mode' | keyof ReportLabels>;
}

/** Found once per viewer instead of eight times per report. */
export function reportTallies(labels: ReportLabels, counters: ReportCounters): ReportTallies {
  const { content, region } = labels;
  const inMode = (mode: PlaybackReport['mode']): ModeTallies => ({
    stalls: counters.stalls.tallyOf({ mode, content, region }),
    stalledSeconds: counters.stalledSeconds.tallyOf({ mode, content, region }),
    playedSeconds: counters.playedSeconds.tallyOf({ mode, content, region }),
  });
  return {
    labels: { content, region },
    fromPeers: counters.deliveredBytes.tallyOf({ source: 'peer', content, region }),
    fromEdge: counters.deliveredBytes.tallyOf({ source: 'edge', content, region }),
    uploaded: counters.uploadedBytes.tallyOf({ content, region }),
    in: { swarm: inMode('swarm'), 'edge-only': inMode('edge-only') },
  };
}
