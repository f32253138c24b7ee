import { emptyReport } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { ViewerSwarms, viewerSwarmsDefaults } from '../swarm/viewer-swarms.ts';
import { Accounts } from './accounts.ts';
import { drawSwarm } from './draw-swarm.ts';

function swarmOf(count: number): ViewerSwarms {
  const swarms = new ViewerSwarms(viewerSwarmsDefaults, () => 0.5);
  for (let viewer = 0; viewer < count; viewer++) {
    const join = { type: 'join', swarm: 's', engine: 'swarm', upload: true } as const;
    swarms.join(viewer, `viewer-${String(viewer).padStart(3, '0')}`, join, 'north', 0, []);
  }
  return swarms;
}

const link = (peer: string, receivedBytes: number) => ({ peer, receivedBytes, sentBytes: 0 });

test('a link is as heavy as both of its ends received', () => {
  const accounts = new Accounts();
  accounts.add('viewer-000', { ...emptyReport, links: [link('viewer-001', 300)] }, 0);
  accounts.add('viewer-001', { ...emptyReport, links: [link('viewer-000', 20)] }, 0);
  accounts.add('viewer-001', { ...emptyReport, links: [link('viewer-000', 1)] }, 0);
  const { links } = drawSwarm('s', swarmOf(2).viewersOf('s'), accounts);
  expect(links).toEqual([{ a: 'viewer-000', b: 'viewer-001', bytes: 321 }]);
});

test('the duty of all is the whole stream', () => {
  const { viewers } = drawSwarm('s', swarmOf(5).viewersOf('s'), new Accounts());
  expect(viewers.reduce((sum, { duty }) => sum + duty, 0)).toBeCloseTo(1);
});

test('of a large swarm as many are drawn as can be told apart, and no link leads to the others', () => {
  const { viewers, undrawn, links } = drawSwarm('s', swarmOf(200).viewersOf('s'), new Accounts());
  expect([viewers.length, undrawn]).toEqual([60, 140]);
  const drawn = new Set(viewers.map(({ id }) => id));
  expect(links.filter(({ a, b }) => !drawn.has(a) || !drawn.has(b))).toEqual([]);
});

test('who is gone is forgotten, and of neighbours all but the newest', () => {
  const accounts = new Accounts();
  for (let peer = 0; peer < 100; peer++) accounts.add('here', { ...emptyReport, links: [link(`peer ${peer}`, 5)] }, 0);
  accounts.add('gone', { ...emptyReport, peerBytes: 7 }, 0);
  accounts.keepOnly((viewer) => viewer === 'here');
  const { received } = accounts.of('here');
  expect([received.size, received.has('peer 35'), received.has('peer 36')]).toEqual([64, false, true]);
  expect(accounts.of('gone').peerBytes).toBe(0);
  // The hour remembers what they had.
  expect(accounts.takeFresh().peerBytes).toBe(7);
  expect(accounts.takeFresh().peerBytes).toBe(0);
});
