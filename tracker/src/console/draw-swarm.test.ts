import { expect, test } from 'vitest';
import { ViewerSwarms, viewerSwarmsDefaults } from '../swarm/viewer-swarms.ts';
import { type AccountOf, drawSwarm } from './draw-swarm.ts';

function swarmOf(count: number): ViewerSwarms {
  const swarms = new ViewerSwarms(viewerSwarmsDefaults, () => 0.5);
  for (let viewer = 0; viewer < count; viewer++) {
    const join = { type: 'join', swarm: 's', engine: 'swarm', upload: true } as const;
    swarms.join(viewer, `viewer-${String(viewer).padStart(3, '0')}`, join, 'north', 0, []);
  }
  return swarms;
}

/** What each received from others. */
function accounts(received: Readonly<Record<string, Readonly<Record<string, number>>>>): AccountOf {
  const totals = { peerBytes: 0, edgeBytes: 0, uploadedBytes: 0 };
  return (viewer) => ({ totals, receivedFrom: (peer) => received[viewer]?.[peer] ?? 0 });
}

test('a link is as heavy as both of its ends received', () => {
  const received = accounts({ 'viewer-000': { 'viewer-001': 300 }, 'viewer-001': { 'viewer-000': 21 } });
  const { links } = drawSwarm('s', swarmOf(2).viewersOf('s'), received);
  expect(links).toEqual([{ a: 'viewer-000', b: 'viewer-001', bytes: 321 }]);
});

test('who has not told anything has nothing', () => {
  const { viewers, links } = drawSwarm('s', swarmOf(2).viewersOf('s'), () => undefined);
  expect(viewers[0]).toMatchObject({ peerBytes: 0, edgeBytes: 0, uploadedBytes: 0 });
  expect(links).toEqual([{ a: 'viewer-000', b: 'viewer-001', bytes: 0 }]);
});

test('the duty of all is the whole stream', () => {
  const { viewers } = drawSwarm('s', swarmOf(5).viewersOf('s'), accounts({}));
  expect(viewers.reduce((sum, { duty }) => sum + duty, 0)).toBeCloseTo(1);
});

test('of a large swarm as many are drawn as can be told apart, and no link leads to the others', () => {
  const { viewers, undrawn, links } = drawSwarm('s', swarmOf(200).viewersOf('s'), accounts({}));
  expect([viewers.length, undrawn]).toEqual([60, 140]);
  const drawn = new Set(viewers.map(({ id }) => id));
  expect(links.filter(({ a, b }) => !drawn.has(a) || !drawn.has(b))).toEqual([]);
});
