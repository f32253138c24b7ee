import { expect, test } from 'vitest';
import { shortNames } from './short-names.ts';

const numbered = (count: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`name${index}`, count - index]));

test('the shortest are for what is written most often, and none is taken', () => {
  const short = shortNames({ internal: numbered(200), kept: new Set(['e', 'to']) });
  expect(short.get('name0')).toBe('t');
  expect(short.get('name199')).toHaveLength(2);
  expect(new Set(short.values()).size).toBe(200);
  for (const taken of ['e', 'to', 'do', 'if']) expect([...short.values()]).not.toContain(taken);
});

test('what no short name is left for stays as it is', () => {
  const short = shortNames({ internal: numbered(1_000), kept: new Set() });
  expect(short.get('name999')).toBe('name999');
  expect(new Set(short.values()).size).toBe(1_000);
});
