import { emptyReport } from '@nearcast/protocol';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { countViewer, createViewerMetrics } from './viewer-metrics.ts';

async function after(report: Partial<typeof emptyReport>, passedMs: number): Promise<string[]> {
  const registry = new Registry();
  countViewer({ ...emptyReport, ...report }, passedMs, createViewerMetrics([registry]));
  return (await registry.metrics()).split('\n');
}

test('what was fetched from the edge is told apart by reason, and never adds up to more', async () => {
  const lines = await after({ edgeBytes: 100, dutyBytes: 60, backupBytes: 20, earlyBytes: 15, repairBytes: 30 }, 1000);
  const name = 'nearcast_player_edge_fetched_bytes_total';
  expect(lines.filter((line) => line.startsWith(name))).toEqual([
    `${name}{reason="duty"} 60`,
    `${name}{reason="backup"} 20`,
    `${name}{reason="early"} 15`,
    `${name}{reason="repair"} 5`,
    `${name}{reason="other"} 0`,
  ]);
});

test.each([
  [undefined, 'unknown'],
  [96, '144p'],
  [716, '720p'],
  [1080, '1080p'],
  [4320, '2160p'],
])('%s lines are counted as %s', async (height, rendition) => {
  const lines = await after({ playedMs: 3000, ...(height === undefined ? {} : { height }) }, 3000);
  const name = 'nearcast_player_rendition_played_seconds_total';
  expect(lines).toContain(`${name}{rendition="${rendition}",mode="edge-only"} 3`);
});

test('what came from peers is told apart by the kind of connection', async () => {
  const links = [
    { peer: 'a', receivedBytes: 100, sentBytes: 0, connection: 'relay' },
    { peer: 'b', receivedBytes: 30, sentBytes: 0 },
  ] as const;
  const lines = await after({ links }, 1000);
  expect(lines).toContain('nearcast_player_exchanged_bytes_total{connection="relay"} 100');
  expect(lines).toContain('nearcast_player_exchanged_bytes_total{connection="unknown"} 30');
});

test('upload is a rate over the time that passed; who reports all the time does not outweigh others', async () => {
  expect(await after({ uploadedBytes: 100_000 }, 1000)).toContain('nearcast_player_upload_bytes_per_second_sum 100000');
  expect(await after({ uploadedBytes: 100_000 }, 900)).toContain('nearcast_player_upload_bytes_per_second_count 0');
});

test('no more control traffic is believed than media was exchanged', async () => {
  const lines = await after({ controlBytes: 1e9, peerBytes: 300, uploadedBytes: 200 }, 1000);
  expect(lines).toContain('nearcast_player_control_bytes_total 500');
});

test('only live viewers have a latency', async () => {
  expect(await after({}, 1000)).not.toContainEqual(expect.stringContaining('latency_seconds_count{'));
  expect(await after({ latencyMs: 4000 }, 1000)).toContain('nearcast_player_latency_seconds_sum{mode="edge-only"} 4');
});
