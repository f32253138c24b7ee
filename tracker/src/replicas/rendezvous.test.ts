import { expect, test } from 'vitest';
import { ownerOf } from './rendezvous.ts';

const nodes = ['n1', 'n2', 'n3'];
const keys = Array.from({ length: 3000 }, (_, index) => `https://site/movie-${index}/master.m3u8`);

test('each replica keeps about its share', () => {
  for (const node of nodes) {
    const share = keys.filter((key) => ownerOf(key, nodes) === node).length / keys.length;
    expect(share).toBeGreaterThan(0.28);
    expect(share).toBeLessThan(0.39);
  }
});

test('when one goes, only what it kept moves; in which order they are listed does not matter', () => {
  for (const key of keys) {
    const owner = ownerOf(key, nodes);
    expect(ownerOf(key, nodes.toReversed())).toBe(owner);
    if (owner !== 'n2') expect(ownerOf(key, ['n1', 'n3'])).toBe(owner);
  }
});

test('nobody keeps anything where nobody is', () => expect(ownerOf('key', [])).toBeUndefined());
