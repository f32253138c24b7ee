import { emptyReport } from '@nearcast/protocol';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startTracker, type Tracker } from '../server.ts';
import { type RedisServer, startRedis } from '../testing/redis-server.ts';
import { allSee, sumOf } from '../testing/replica-metrics.ts';
import { joinViewer, patience, type TestViewer } from '../testing/test-viewer.ts';

vi.setConfig({ testTimeout: 60_000 });

let redis: RedisServer;
const trackers: Tracker[] = [];
const viewers: TestViewer[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());
afterEach(async () => {
  for (const { socket } of viewers.splice(0)) socket.terminate();
  await Promise.all(trackers.splice(0).map((tracker) => tracker.close()));
});

async function twoReplicas(): Promise<[Tracker, Tracker]> {
  const ports = { port: 0, adminPort: 0, host: '127.0.0.1' };
  const start = () => startTracker({ ...ports, redis: redis.url, reportInterval: 1 });
  const both: [Tracker, Tracker] = [await start(), await start()];
  trackers.push(...both);
  await allSee(both, 2);
  return both;
}

test('what viewers of two replicas tell of each other is believed as far as both tell it', async () => {
  const both = await twoReplicas();
  for (const swarm of ['kept by one', 'kept by the other', 'and one more']) {
    const [liar, honest] = [await joinViewer(both[0].port, swarm), await joinViewer(both[1].port, swarm)];
    viewers.push(liar, honest);
    const tell = (peer: string, bytes: number) => {
      const links = [{ peer, receivedBytes: bytes, sentBytes: 0 }];
      return { type: 'report', report: { ...emptyReport, peerBytes: bytes, links } } as const;
    };
    liar.say(tell(honest.id, 50_000));
    const links = [{ peer: liar.id, receivedBytes: 0, sentBytes: 4_000 }];
    honest.say({ type: 'report', report: { ...emptyReport, uploadedBytes: 4_000, links } });
  }
  const disagreement = 'nearcast_tracker_report_disagreement_bytes_total{between="named",claimed="received"}';
  await vi.waitFor(async () => expect(await sumOf(both, disagreement)).toBe(3 * 46_000), patience);
  // With their next report at the latest.
  for (const viewer of viewers) viewer.say({ type: 'report', report: emptyReport });
  const fromPeers = 'nearcast_player_delivered_bytes_total{source="peer",content="other",region="other"}';
  await vi.waitFor(async () => {
    expect(await sumOf(both, fromPeers)).toBe(3 * 4_000);
    expect(await sumOf(both, 'nearcast_player_uploaded_bytes_total{content="other",region="other"}')).toBe(3 * 4_000);
  }, patience);
  expect(await sumOf(both, disagreement.replace('received', 'sent'))).toBe(0);
});
