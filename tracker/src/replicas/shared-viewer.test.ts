import { expect, test } from 'vitest';
import { nowhere } from '../locality/place.ts';
import { SharedViewer } from './shared-viewer.ts';

const join = { type: 'join', swarm: 'movie', engine: 'swarm', upload: true } as const;
const links = (...peers: string[]) => peers.map((peer) => ({ peer, rttMs: 20 }));

function placedAt(now: number): SharedViewer {
  const welcome = () => ({ type: 'blocked' }) as const;
  const viewer = new SharedViewer(1, 'ann', join, nowhere, now, welcome);
  viewer.placed('keeper', now);
  return viewer;
}

test('its keeper is told of a newcomer’s round trips at once, of later ones together', () => {
  const viewer = placedAt(0);
  expect(viewer.measured(links('bob', 'eve', 'joe'), 10_000)).toHaveLength(3);
  const later = ['a', 'b', 'c', 'd', 'e', 'f'].map((peer) => viewer.measured(links(peer), 50_000)?.length);
  expect(later).toEqual([undefined, undefined, undefined, undefined, undefined, 6]);
});

test('its keeper hears with the first report after a minute that it stayed, and again if that was close', () => {
  const viewer = placedAt(1000);
  expect(viewer.measured([], 60_999)).toBeUndefined();
  expect(viewer.measured([], 61_000)).toEqual([]);
  expect(viewer.measured([], 111_000)).toEqual([]);
  expect(viewer.measured([], 161_000)).toBeUndefined();
  viewer.placed('another', 161_000);
  expect(viewer.measured([], 211_000)).toBeUndefined();
  expect(viewer.measured([], 261_000)).toEqual([]);
  expect(viewer.measured([], 311_000)).toBeUndefined();
});
