import { emptyReport, type LinkReport, type PlaybackReport } from '@nearcast/protocol';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { createMetrics, type TrackerMetrics } from '../metrics/metrics.ts';
import { type Viewer, ViewerSwarms, viewerSwarmsDefaults } from '../swarm/viewer-swarms.ts';
import { ReportDesk, type ReportDeskDeps } from './report-desk.ts';
import { labelsFor } from './report-labels.ts';

const REPORT_EVERY_MS = 10_000;

class World {
  readonly swarms = new ViewerSwarms(viewerSwarmsDefaults, () => 0.5);
  readonly metrics: TrackerMetrics;
  readonly desk: ReportDesk;
  #now = 0;
  #due: { at: number; run: () => void }[] = [];
  readonly #clock: Clock = {
    now: () => this.#now,
    after: (ms, run) => {
      const timer = { at: this.#now + ms, run };
      this.#due.push(timer);
      return () => {
        this.#due = this.#due.filter((other) => other !== timer);
      };
    },
  };

  constructor(askOthers?: ReportDeskDeps['askOthers']) {
    const nobody = { webtorrent: 0, nearcast: 0 };
    const zero = () => 0;
    this.metrics = createMetrics({
      connections: zero,
      swarms: zero,
      torrentSwarms: zero,
      publishedFiles: zero,
      peers: () => nobody,
      draining: () => false,
    });
    this.desk = new ReportDesk({
      metrics: this.metrics,
      clock: this.#clock,
      labels: labelsFor([{ pattern: '*news*', label: 'news' }], ['de']),
      isHere: ({ id, connection }) => this.swarms.viewerAt(connection)?.id === id,
      reportEveryMs: REPORT_EVERY_MS,
      ...(askOthers && { askOthers }),
    });
  }

  join(connection: number, swarm = 'movie', region = ''): Viewer {
    const join = { type: 'join', swarm, engine: 'swarm', upload: true } as const;
    const viewer = this.swarms.join(connection, `viewer-${connection}`, join, region, this.#now, []);
    this.desk.joined(viewer, region);
    return viewer;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#due = this.#due.filter((timer) => timer !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }

  report(viewer: Viewer, report: Partial<PlaybackReport>): PlaybackReport {
    return this.desk.report(viewer, { ...emptyReport, ...report }).believed;
  }

  async lines(name: string): Promise<string[]> {
    const text = await this.metrics.registry.getSingleMetricAsString(name);
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  async total(name: string, labels = ''): Promise<number> {
    const lines = (await this.lines(name)).filter((line) => line.includes(labels));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  fromPeers = () => this.total('nearcast_player_delivered_bytes_total', 'source="peer"');
  uploaded = () => this.total('nearcast_player_uploaded_bytes_total');
  disagreement = (labels = '') => this.total('nearcast_tracker_report_disagreement_bytes_total', labels);
}

const link = (peer: Viewer, receivedBytes: number, sentBytes: number): LinkReport => ({
  peer: peer.id,
  receivedBytes,
  sentBytes,
});
const MB = 1_000_000;

describe('of what viewers exchange', () => {
  test('what both tell is counted, whoever tells it first', async () => {
    const world = new World();
    const [ann, bob] = [world.join(1), world.join(2)];
    world.pass(REPORT_EVERY_MS);
    expect(world.report(ann, { peerBytes: 3 * MB, links: [link(bob, 3 * MB, 0)] }).peerBytes).toBe(0);
    expect(world.report(bob, { uploadedBytes: 3 * MB, links: [link(ann, 0, 3 * MB)] }).uploadedBytes).toBe(3 * MB);
    world.pass(REPORT_EVERY_MS);
    // With its next report at the latest.
    expect(world.report(ann, {}).peerBytes).toBe(3 * MB);
    expect(await world.fromPeers()).toBe(3 * MB);
    expect(await world.uploaded()).toBe(3 * MB);
    world.pass(10 * REPORT_EVERY_MS);
    expect(await world.disagreement()).toBe(0);
  });

  test('a viewer that claims ten times as much moves nothing beyond what the others say', async () => {
    const world = new World();
    const [liar, bob, eve] = [world.join(1), world.join(2), world.join(3)];
    for (let round = 0; round < 5; round++) {
      world.pass(REPORT_EVERY_MS);
      world.report(liar, {
        peerBytes: 20 * MB,
        uploadedBytes: 20 * MB,
        links: [link(bob, 10 * MB, 10 * MB), link(eve, 10 * MB, 10 * MB)],
      });
      world.report(bob, { peerBytes: MB, uploadedBytes: MB, links: [link(liar, MB, MB)] });
      world.report(eve, { peerBytes: MB, uploadedBytes: MB, links: [link(liar, MB, MB)] });
    }
    world.pass(10 * REPORT_EVERY_MS);
    world.report(liar, {});
    // 1 MB over each of four directions, five times.
    expect(await world.fromPeers()).toBe(20 * MB);
    expect(await world.uploaded()).toBe(20 * MB);
    expect(await world.disagreement('between="named",claimed="received"')).toBe(5 * 2 * 9 * MB);
    expect(await world.disagreement('between="named",claimed="sent"')).toBe(5 * 2 * 9 * MB);
  });

  test('nor does one that names itself, or nobody, or viewers that do not exist', async () => {
    const world = new World();
    const [liar, bob] = [world.join(1), world.join(2)];
    world.pass(REPORT_EVERY_MS);
    const nobody = { peer: 'nobody', receivedBytes: 9 * MB, sentBytes: 0 };
    world.report(liar, { peerBytes: 9 * MB, links: [link(liar, 9 * MB, 9 * MB), nobody] });
    world.report(bob, { peerBytes: 9 * MB });
    world.pass(10 * REPORT_EVERY_MS);
    world.report(liar, {});
    expect(await world.fromPeers()).toBe(0);
    expect(await world.disagreement('claimed="received"')).toBe(27 * MB);
  });

  test('nor does one that says it received what it sent itself', async () => {
    const world = new World();
    const liar = world.join(1);
    world.pass(REPORT_EVERY_MS);
    world.report(liar, { peerBytes: 9 * MB, uploadedBytes: 9 * MB });
    world.pass(10 * REPORT_EVERY_MS);
    world.report(liar, {});
    expect(await world.fromPeers()).toBe(0);
  });

  test('what was received but not kept is no delivery', async () => {
    const world = new World();
    const [ann, bob] = [world.join(1), world.join(2)];
    world.pass(REPORT_EVERY_MS);
    world.report(bob, { uploadedBytes: 5 * MB, links: [link(ann, 0, 5 * MB)] });
    world.report(ann, { peerBytes: 4 * MB, discardedBytes: MB, links: [link(bob, 5 * MB, 0)] });
    expect(await world.fromPeers()).toBe(4 * MB);
    world.pass(10 * REPORT_EVERY_MS);
    expect(await world.disagreement()).toBe(0);
  });

  test('without names, a whole swarm received no more than the whole swarm sent', async () => {
    const world = new World();
    const [ann, bob, eve, other] = [world.join(1), world.join(2), world.join(3), world.join(4, 'another')];
    world.pass(REPORT_EVERY_MS);
    world.report(ann, { uploadedBytes: 5 * MB });
    world.report(other, { uploadedBytes: 50 * MB });
    expect(world.report(bob, { peerBytes: 4 * MB }).peerBytes).toBe(4 * MB);
    expect(world.report(eve, { peerBytes: 4 * MB }).peerBytes).toBe(MB);
    world.pass(10 * REPORT_EVERY_MS);
    expect(await world.disagreement('between="unnamed",claimed="received"')).toBe(3 * MB);
    expect(await world.disagreement('between="unnamed",claimed="sent"')).toBe(50 * MB);
  });

  test('the last words of one that leaves still corroborate', async () => {
    const world = new World();
    const [ann, bob] = [world.join(1), world.join(2)];
    world.pass(REPORT_EVERY_MS);
    world.report(bob, { uploadedBytes: MB, links: [link(ann, 0, MB)] });
    world.swarms.leave(bob.connection, []);
    world.pass(REPORT_EVERY_MS + 1);
    expect(world.report(ann, { peerBytes: MB, links: [link(bob, MB, 0)] }).peerBytes).toBe(MB);
  });
});

describe('with other replicas', () => {
  test('what has no other end here is believed as far as theirs tell it', async () => {
    const asked: unknown[] = [];
    const world = new World((account, told) => asked.push([account, told]));
    const [ann, bob] = [world.join(1), world.join(2)];
    world.pass(REPORT_EVERY_MS);
    world.report(ann, { peerBytes: 5 * MB, links: [{ peer: 'elsewhere', receivedBytes: 5 * MB, sentBytes: 0 }] });
    const elsewhere = { peer: 'also elsewhere', receivedBytes: 0, sentBytes: MB };
    world.report(bob, { uploadedBytes: MB, links: [elsewhere] });
    // A MB of it was sent by Bob, as far as can be known.
    world.pass(4 * REPORT_EVERY_MS);
    expect(asked).toEqual([['named movie', { received: 4 * MB, sent: 0 }]]);
    world.desk.agreed('named movie', 'received', 3 * MB);
    world.report(ann, {});
    expect(await world.fromPeers()).toBe(4 * MB);
    expect(await world.disagreement()).toBe(0);
    world.pass(10 * REPORT_EVERY_MS);
    expect(await world.disagreement('between="named",claimed="received"')).toBe(MB);
    expect(await world.disagreement()).toBe(MB);
  });

  test('a neighbour that is not found here is not looked for with each report', async () => {
    const world = new World();
    const ann = world.join(1);
    const bobToBe = { id: 'viewer-2' } as Viewer;
    world.pass(REPORT_EVERY_MS);
    world.report(ann, { links: [link(bobToBe, 0, 0)] });
    const bob = world.join(2);
    world.pass(REPORT_EVERY_MS);
    // Names are random and given once: only one that guesses has named it before it came.
    world.report(ann, { peerBytes: MB, links: [link(bob, MB, 0)] });
    expect(world.report(bob, { uploadedBytes: MB, links: [link(ann, 0, MB)] }).uploadedBytes).toBe(0);
  });

  test('they cannot make more believable than was told here', async () => {
    const world = new World(() => undefined);
    const ann = world.join(1);
    world.pass(REPORT_EVERY_MS);
    world.report(ann, { peerBytes: MB });
    world.pass(4 * REPORT_EVERY_MS);
    world.desk.agreed('unnamed movie', 'received', 50 * MB);
    world.pass(10 * REPORT_EVERY_MS);
    world.report(ann, {});
    expect(await world.fromPeers()).toBe(MB);
    expect(await world.disagreement()).toBe(0);
  });
});

test('playback is counted under the labels of its swarm and region', async () => {
  const world = new World();
  const viewer = world.join(1, 'https://tv/news.m3u8', 'de');
  const name = 'nearcast_player_delivered_bytes_total';
  expect(await world.lines(name)).toContain(`${name}{source="edge",content="news",region="de"} 0`);
  world.pass(REPORT_EVERY_MS);
  world.report(viewer, { edgeBytes: 1000, playedMs: 2000, mode: 'swarm' });
  world.report(world.join(2, 'x', 'fr'), {});
  const played = 'nearcast_player_played_seconds_total';
  expect(await world.lines(played)).toContain(`${played}{mode="swarm",content="news",region="de"} 2`);
  expect(await world.lines(name)).toContain(`${name}{source="edge",content="news",region="de"} 1000`);
  expect(await world.lines('nearcast_player_uploaded_bytes_total')).toHaveLength(2);
});

test('a pair is counted once, by the kind of its connection', async () => {
  const world = new World();
  const [ann, bob] = [world.join(1), world.join(2)];
  for (let round = 0; round < 2; round++) {
    world.pass(REPORT_EVERY_MS);
    world.report(ann, { links: [{ ...link(bob, 1, 1), connection: 'srflx' }] });
    world.report(bob, { links: [{ ...link(ann, 1, 1), connection: 'srflx' }] });
  }
  expect(await world.lines('nearcast_player_pairs_total')).toEqual([
    'nearcast_player_pairs_total{connection="srflx"} 1',
  ]);
});

describe('a session', () => {
  const sumAndCount = async (world: World, name: string) => [
    await world.total(name, `${name}_sum`),
    await world.total(name, `${name}_count`),
  ];

  test('is summed up once it is over, with what others told after it', async () => {
    const world = new World();
    const [ann, bob] = [world.join(1), world.join(2)];
    for (let round = 0; round < 6; round++) {
      world.pass(REPORT_EVERY_MS);
      const stall = round === 0 ? { stalls: 1, stalledMs: 500 } : {};
      const played = { playedMs: REPORT_EVERY_MS, edgeBytes: MB, ...stall };
      world.report(ann, { ...played, peerBytes: 3 * MB, links: [link(bob, 3 * MB, 0)] });
    }
    world.swarms.leave(ann.connection, []);
    world.report(bob, { uploadedBytes: 18 * MB, links: [link(ann, 0, 18 * MB)] });
    expect(await sumAndCount(world, 'nearcast_player_session_offload_ratio')).toEqual([0, 0]);
    world.pass(10 * REPORT_EVERY_MS);
    // The claims of the first reports had waited too long by then.
    const [offload, count] = await sumAndCount(world, 'nearcast_player_session_offload_ratio');
    expect(count).toBe(1);
    expect(offload).toBeCloseTo((await world.fromPeers()) / ((await world.fromPeers()) + 6 * MB));
    expect(offload).toBeGreaterThan(0.5);
    expect(await sumAndCount(world, 'nearcast_player_session_stalls_per_hour')).toEqual([60, 1]);
    expect(await sumAndCount(world, 'nearcast_player_session_stalled_seconds_per_hour')).toEqual([30, 1]);
    expect(await sumAndCount(world, 'nearcast_player_session_uploaded_bytes')).toEqual([0, 1]);
  });

  test('has one start, whatever it reports', async () => {
    const world = new World();
    const viewer = world.join(1);
    for (let round = 0; round < 3; round++) {
      world.pass(REPORT_EVERY_MS);
      world.report(viewer, { startupMs: 400 });
    }
    expect(await sumAndCount(world, 'nearcast_player_startup_seconds')).toEqual([0.4, 1]);
  });
});
