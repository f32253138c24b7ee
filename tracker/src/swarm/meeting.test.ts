import type { Nearness } from '@nearcast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nowhere, type Place } from '../locality/place.ts';
import { nearnessOf } from './ladder.ts';
import type { Viewer } from './viewer.ts';
import type { ViewerOutbox } from './viewer-outbox.ts';
import { ViewerSwarms, viewerSwarmsDefaults } from './viewer-swarms.ts';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A tracker without sockets, its viewers by number, and how often chance was asked. */
function world(config: Partial<typeof viewerSwarmsDefaults> = {}, seed = 5) {
  const chance = seeded(seed);
  const asked = { times: 0 };
  const swarms = new ViewerSwarms({ ...viewerSwarmsDefaults, ...config }, () => {
    asked.times += 1;
    return chance();
  });
  const join = (number: number, place: Partial<Place>): ViewerOutbox => {
    const out: ViewerOutbox = [];
    const message = { type: 'join', swarm: 's', engine: 'swarm', upload: true } as const;
    swarms.join(number, `v${number}`, message, { ...nowhere, ...place }, 0, out);
    return out;
  };
  const viewer = (number: number) => swarms.viewerAt(number) as Viewer;
  return { swarms, join, viewer, asked };
}

const linksBy = (viewer: Viewer): Record<Nearness, number> => {
  const counts = { lan: 0, network: 0, region: 0, far: 0 };
  for (const other of viewer.links) counts[nearnessOf(viewer.place, other.place)] += 1;
  return counts;
};

test.each<[Partial<Place>, Partial<Place>, Nearness]>([
  [{}, {}, 'region'],
  [{ region: 'DE' }, { region: 'FR' }, 'far'],
  [{ region: 'DE', network: 'AS1' }, { region: 'FR', network: 'AS1' }, 'far'],
  [{ region: 'DE', network: 'AS1' }, { region: 'DE', network: 'AS1' }, 'network'],
  [{ region: 'DE', network: 'AS1' }, { region: 'DE', network: 'AS2' }, 'region'],
  [{ region: 'DE', lan: 'x' }, { region: 'DE', lan: 'x' }, 'lan'],
  [{ region: 'north', lan: 'x' }, { region: 'south', lan: 'x' }, 'far'],
])('%j and %j: %s', (a, b, nearness) => expect(nearnessOf({ ...nowhere, ...a }, { ...nowhere, ...b })).toBe(nearness));

describe('the ladder', () => {
  test('begins in the LAN, goes on in the network and the region, and keeps a few from afar', () => {
    const { join, viewer } = world();
    for (let number = 0; number < 900; number++) {
      const region = ['DE', 'FR', 'NL'][number % 3] as string;
      join(number, { region, network: `AS${number % 9}`, lan: `home ${number % 45}` });
    }
    const out = join(900, { region: 'DE', network: 'AS0', lan: 'home 0' });
    const told = out.flatMap(({ to, message }) =>
      to === 900 && message.type === 'introduce' ? [message.nearness] : [],
    );
    expect(told).toEqual(['lan', 'lan', 'lan', 'network', 'region', 'far', 'far']);
    expect(linksBy(viewer(900))).toEqual({ lan: 3, network: 1, region: 1, far: 2 });
  });

  test('goes on where a rung lacks people', () => {
    const { join, viewer } = world();
    for (let number = 0; number < 100; number++) join(number, { region: 'DE', network: `AS${number % 2}` });
    join(100, { region: 'FR', network: 'AS7' });
    join(101, { region: 'FR', network: 'AS7' });
    expect(linksBy(viewer(101))).toEqual({ lan: 0, network: 1, region: 0, far: 6 });
    join(102, { region: 'DE', network: 'AS9', lan: 'x' });
    join(103, { region: 'DE', network: 'AS9', lan: 'x' });
    // Of two among a hundred they need not hear: those have links here of their own asking.
    expect(linksBy(viewer(103))).toMatchObject({ lan: 1, network: 0 });
    expect(viewer(103).degree).toBe(7);
  });

  test('leads out of a large LAN: no LAN is an island', () => {
    const { join, viewer } = world();
    for (let number = 0; number < 40; number++) join(number, { region: 'DE', lan: number < 20 ? 'office' : '' });
    for (let number = 40; number < 80; number++) join(number, { region: 'DE', lan: 'office' });
    const seen = new Set([viewer(79)]);
    for (const one of seen) for (const link of one.links) seen.add(link);
    expect(seen.size).toBe(80);
    const outward = Array.from({ length: 40 }, (_, index) => linksBy(viewer(40 + index)).region);
    // Of a dozen that are drawn one at least is no colleague, nearly always.
    expect(outward.filter((count) => count > 0).length).toBeGreaterThan(36);
  });
});

describe('in any world', () => {
  const somewhere = fc.record({
    region: fc.constantFrom('DE', 'DE', 'DE', 'FR', ''),
    network: fc.constantFrom('AS1', 'AS1', 'AS2', ''),
    city: fc.constantFrom('', 'Bonn', 'Kiel'),
    lan: fc.constantFrom('', 'office', 'home'),
  });

  test('nobody is left alone, nobody is overrun, and the swarm is one', () => {
    const run = (places: Partial<Place>[], seed: number) => {
      const { join, viewer } = world({ cellSize: 60 }, seed);
      places.forEach((place, number) => void join(number, place));
      const viewers = places.map((_, number) => viewer(number));
      const degrees = viewers.map(({ degree }) => degree);
      expect(Math.min(...degrees)).toBeGreaterThanOrEqual(Math.min(7, places.length - 1));
      // A lone viewer of a region is what all others there ask for first: twice the degree and a few.
      expect(Math.max(...degrees)).toBeLessThanOrEqual(30);
      const seen = new Set(viewers.slice(0, 1));
      for (const one of seen) for (const link of one.links) seen.add(link);
      expect(seen.size).toBe(places.length);
    };
    const worlds = fc.array(somewhere, { minLength: 2, maxLength: 300 });
    fc.assert(fc.property(worlds, fc.integer({ min: 1, max: 1_000_000 }), run), { numRuns: 40 });
  });

  test('a join looks at no more viewers in a swarm of thousands than in one of hundreds', () => {
    const costs: number[] = [];
    const { join, asked } = world({ cellSize: 500 });
    for (let number = 0; number < 12_000; number++) {
      const before = asked.times;
      join(number, { region: `R${number % 4}`, network: `AS${number % 60}`, lan: `home ${number % 4000}` });
      costs.push(asked.times - before);
    }
    const mean = (from: number) => costs.slice(from, from + 500).reduce((sum, cost) => sum + cost, 0) / 500;
    expect(mean(11_500)).toBeLessThan(1.2 * mean(500));
    // Also while sixteen others change their cell.
    expect(Math.max(...costs)).toBeLessThan(300);
  });
});

describe('measured round trips', () => {
  const links = (peers: Iterable<Viewer>, msTo: (viewer: Viewer) => number) =>
    Array.from(peers, (peer) => ({ peer: peer.id, rttMs: msTo(peer) }));

  test('bring the quicker of two networks that are as near by name', () => {
    const { swarms, join, viewer } = world();
    for (let number = 0; number < 300; number++) join(number, { region: 'DE', network: number % 2 ? 'quick' : 'slow' });
    /** Forty more of one network: how many of their links into the two lead to the quick one. */
    const shareOf = (network: string, from: number) => {
      const newcomers = Array.from({ length: 40 }, (_, index) => from + index);
      for (const number of newcomers) join(number, { region: 'DE', network });
      const others = newcomers.flatMap((number) => Array.from(viewer(number).links, ({ place }) => place.network));
      const [quick, slow] = ['quick', 'slow'].map((name) => others.filter((other) => other === name).length);
      return (quick ?? 0) / ((quick ?? 0) + (slow ?? 0));
    };
    expect(shareOf('unmeasured', 1000)).toBeLessThan(0.7);
    for (let number = 2000; number < 2010; number++) {
      join(number, { region: 'DE', network: 'measured' });
      const told = links(viewer(number).links, ({ place }) => (place.network === 'quick' ? 12 : 180));
      swarms.heard(number, told, 0, []);
    }
    expect(shareOf('measured', 3000)).toBeGreaterThan(0.75);
  });

  test('of somebody who was never introduced say nothing', () => {
    const { swarms, join } = world();
    join(1, { region: 'DE' });
    join(2, { region: 'FR' });
    expect(() => swarms.heard(1, [{ peer: 'nobody', rttMs: 1 }], 0, [])).not.toThrow();
  });
});
