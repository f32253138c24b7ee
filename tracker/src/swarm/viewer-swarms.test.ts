import type { TrackerMessage } from '@nearcast/protocol';
import { describe, expect, test } from 'vitest';
import { type ViewerOutbox, ViewerSwarms, viewerSwarmsDefaults } from './viewer-swarms.ts';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A tracker without sockets: keeps what each viewer was told. */
function world(config: Partial<typeof viewerSwarmsDefaults> = {}) {
  const swarms = new ViewerSwarms({ ...viewerSwarmsDefaults, ...config }, seeded(5));
  const told = new Map<number, TrackerMessage[]>();
  const run = (command: (out: ViewerOutbox) => void): ViewerOutbox => {
    const out: ViewerOutbox = [];
    command(out);
    for (const { to, message } of out) told.set(to, [...(told.get(to) ?? []), message]);
    return out;
  };
  const join = (connection: number, region = '', more: object = {}) =>
    run((out) => {
      const message = { type: 'join', swarm: 's', engine: 'swarm', upload: true, ...more } as const;
      swarms.join(connection, `v${connection}`, message, region, 0, out);
    });
  const arcs = () =>
    new Map(
      [...told].flatMap(([connection, messages]) => {
        const duty = messages.findLast((message) => message.type === 'duty');
        return duty?.type === 'duty' && duty.arc && swarms.viewerAt(connection)
          ? [[connection, duty.arc] as const]
          : [];
      }),
    );
  return { swarms, told, run, join, arcs };
}

const introductions = (out: ViewerOutbox, to: number) =>
  out.filter((entry) => entry.to === to && entry.message.type === 'introduce').map(({ message }) => message);

describe('meeting', () => {
  test('a newcomer makes the offers; both are told', () => {
    const { join } = world();
    join(1);
    const out = join(2);
    expect(introductions(out, 2)).toEqual([{ type: 'introduce', peer: 'v1', initiate: true, nearness: 'region' }]);
    expect(introductions(out, 1)).toEqual([{ type: 'introduce', peer: 'v2', initiate: false, nearness: 'region' }]);
  });

  test('in a small swarm everybody meets everybody', () => {
    const { swarms, join } = world();
    for (let viewer = 1; viewer <= 8; viewer++) join(viewer);
    for (let viewer = 1; viewer <= 8; viewer++) expect(swarms.viewerAt(viewer)?.degree).toBe(7);
  });

  test('in a large one degrees stay even, and every viewer can reach every other', () => {
    const { swarms, join } = world();
    for (let viewer = 0; viewer < 500; viewer++) join(viewer, `region${viewer % 3}`);
    const degrees = Array.from({ length: 500 }, (_, viewer) => swarms.viewerAt(viewer)?.degree ?? 0);
    expect(Math.min(...degrees)).toBeGreaterThanOrEqual(7);
    expect(Math.max(...degrees)).toBeLessThanOrEqual(26);
    const seen = new Set([swarms.viewerAt(0)]);
    for (const viewer of seen) for (const link of viewer?.links ?? []) seen.add(link);
    expect(seen.size).toBe(500);
    const far = [...(swarms.viewerAt(499)?.links ?? [])].filter(({ region }) => region !== 'region1');
    expect(far).toHaveLength(2);
  });

  test('those who lose two neighbours are given new ones', () => {
    const { swarms, run, join } = world();
    for (let viewer = 0; viewer < 60; viewer++) join(viewer);
    for (let viewer = 0; viewer < 30; viewer++) run((out) => swarms.leave(viewer, out));
    for (let viewer = 30; viewer < 60; viewer++) expect(swarms.viewerAt(viewer)?.degree).toBeGreaterThanOrEqual(6);
  });

  test('[S7] whoever could not be reached is not introduced again; whoever closed may be', () => {
    const { swarms, run, join } = world();
    join(1);
    join(2);
    expect(swarms.unlink(1, 'v2', 'failed')).toBe(true);
    expect(run((out) => swarms.want(1, 3, out))).toEqual([]);
    join(3);
    swarms.unlink(1, 'v3', 'closed');
    expect(
      introductions(
        run((out) => swarms.want(1, 3, out)),
        1,
      ),
    ).toMatchObject([{ peer: 'v3' }]);
  });

  test('viewers of another engine only report', () => {
    const { swarms, join } = world();
    join(1);
    expect(join(2, '', { engine: 'p2p-media-loader' })).toEqual([]);
    expect([swarms.sizeOf('s'), swarms.viewerAt(1)?.degree]).toEqual([2, 0]);
  });

  test('a second join on a connection moves the viewer', () => {
    const { swarms, join } = world();
    join(1);
    join(1, '', { swarm: 'other' });
    expect([swarms.sizeOf('s'), swarms.sizeOf('other'), swarms.viewerCount]).toEqual([0, 1, 1]);
  });
});

describe('[S7] signals', () => {
  const signal = { candidate: { candidate: 'c' } };

  test('pass between introduced viewers, with the true sender', () => {
    const { swarms, run, join } = world();
    join(1);
    join(2);
    expect(run((out) => swarms.relay(1, 'v2', signal, out))).toEqual([
      { to: 2, message: { type: 'signal', from: 'v1', signal } },
    ]);
  });

  test.each([
    ['to a stranger in another swarm', 'v3'],
    ['to nobody', 'v9'],
    ['to itself', 'v1'],
  ])('%s go nowhere', (_, to) => {
    const { swarms, run, join } = world();
    join(1);
    join(2);
    join(3, '', { swarm: 'other' });
    expect(run((out) => void expect(swarms.relay(1, to, signal, out)).toBe(false))).toEqual([]);
  });

  test('end when the pair is unlinked', () => {
    const { swarms, run, join } = world();
    join(1);
    join(2);
    swarms.unlink(1, 'v2', 'closed');
    expect(run((out) => swarms.relay(2, 'v1', signal, out))).toEqual([]);
  });
});

describe('[S8] duty', () => {
  const sum = (arcs: Map<number, { width: number }>) =>
    [...arcs.values()].reduce((total, { width }) => total + width, 0);

  test('is the whole ring, divided by what viewers can pass on', () => {
    const { swarms, run, join, arcs } = world();
    join(1);
    join(2);
    join(3, '', { upload: false });
    run((out) => swarms.update(1, true, 1_500_000, out));
    expect(sum(arcs())).toBeCloseTo(1);
    expect(arcs().get(1)?.width).toBeCloseTo(0.75);
    expect(arcs().has(3)).toBe(false);
  });

  test('goes with a viewer that leaves or stops uploading, and comes back with it', () => {
    const { swarms, run, join, arcs } = world();
    for (let viewer = 1; viewer <= 4; viewer++) join(viewer);
    run((out) => swarms.leave(2, out));
    expect(sum(arcs())).toBeCloseTo(1);
    const out = run((box) => swarms.update(3, false, 0, box));
    expect(out).toContainEqual({ to: 3, message: { type: 'duty', arc: null } });
    expect([arcs().size, sum(arcs())]).toEqual([2, expect.closeTo(1)]);
    run((box) => swarms.update(3, true, 1_000_000, box));
    expect([arcs().size, sum(arcs())]).toEqual([3, expect.closeTo(1)]);
  });

  test('is a ring of its own for a region that is large enough, and a common one for the others', () => {
    const { swarms, run, join, arcs } = world({ ownRingFrom: 4 });
    for (let viewer = 0; viewer < 6; viewer++) join(viewer, 'large');
    for (let viewer = 10; viewer < 12; viewer++) join(viewer, 'small');
    for (let viewer = 20; viewer < 22; viewer++) join(viewer, 'tiny');
    const part = (from: number, to: number) => new Map([...arcs()].filter(([id]) => id >= from && id < to));
    expect(sum(part(0, 6))).toBeCloseTo(1);
    expect(sum(part(10, 22))).toBeCloseTo(1);
    for (let viewer = 0; viewer < 5; viewer++) run((out) => swarms.leave(viewer, out));
    expect(sum(arcs())).toBeCloseTo(1);
  });

  test('of a large region: a join or a leave tells few', () => {
    const { swarms, run, join } = world();
    for (let viewer = 0; viewer < 100; viewer++) join(viewer);
    const duties = (out: ViewerOutbox) => out.filter(({ message }) => message.type === 'duty').length;
    expect(duties(join(100))).toBe(2);
    expect(duties(run((out) => swarms.leave(50, out)))).toBe(1);
  });
});
