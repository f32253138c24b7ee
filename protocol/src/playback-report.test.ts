import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { emptyReport, type PlaybackReport, parsePlaybackReport } from './playback-report.ts';

interface Vector {
  readonly sent: { readonly [key: string]: unknown };
  readonly read: PlaybackReport;
}

const { reports }: { reports: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('../test-vectors/playback-report.json', import.meta.url), 'utf8'),
);

test.each(reports)('[S4] a report of the test vectors is read as they say ($sent.mode)', ({ sent, read }) => {
  expect(parsePlaybackReport(sent)).toEqual(read);
});

test('[S4] no more than 64 links are read', () => {
  const links = Array.from({ length: 70 }, (_, index) => ({ peer: `p${index}`, receivedBytes: 1, sentBytes: 1 }));
  expect(parsePlaybackReport({ ...emptyReport, links })?.links).toHaveLength(64);
});

test.each([['1080p'], [-1], [9000], [0.5]])('a height of %j is none', (height) => {
  expect(parsePlaybackReport({ ...emptyReport, height })).toBeUndefined();
});
