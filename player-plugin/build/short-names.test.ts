import { expect, test } from 'vitest';
import { shortNames } from './short-names.ts';

const agreed: ReadonlyMap<string, string> = new Map();

const numbered = (count: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`name${index}`, count - index]));

/** Each with each of these. */
function clashing(names: Iterable<string>): Map<string, ReadonlySet<string>> {
  const all = [...names];
  return new Map(all.map((name) => [name, new Set(all.filter((other) => other !== name))]));
}

test('the shortest are for what is written most often, and none is taken', () => {
  const internal = numbered(200);
  const short = shortNames({
    internal,
    kept: new Set(['e', 'to']),
    clashes: clashing([...internal.keys(), 'e', 'to']),
    agreed,
  });
  expect(short.get('name0')).toBe('t');
  expect(short.get('name199')).toHaveLength(2);
  expect(new Set(short.values()).size).toBe(200);
  for (const taken of ['e', 'to', 'do', 'if']) expect([...short.values()]).not.toContain(taken);
});

test('names share a short one unless they clash', () => {
  const clashes = clashing(['name0', 'name2']);
  const short = shortNames({ internal: numbered(4), kept: new Set(), clashes, agreed });
  expect([...short.values()]).toEqual(['e', 'e', 't', 'e']);
});

test('what no short name is left for stays as it is', () => {
  const internal = numbered(1_000);
  const short = shortNames({ internal, kept: new Set(), clashes: clashing(internal.keys()), agreed });
  expect(short.get('name999')).toBe('name999');
  expect(new Set(short.values()).size).toBe(1_000);
});

test('an agreed name is what it is, and others keep away from it', () => {
  const internal = numbered(3);
  const clashes = new Map([...clashing(['name0', 'name2']), ...clashing(['name1', 't'])]);
  const names = { internal, kept: new Set('t'), clashes };
  const short = shortNames({ ...names, agreed: new Map([['name2', 'e']]) });
  expect(Object.fromEntries(short)).toEqual({ name0: 't', name1: 'e', name2: 'e' });
  for (const given of [{ name1: 't' }, { name0: 'e', name2: 'e' }]) {
    expect(() => shortNames({ ...names, agreed: new Map(Object.entries(given)) })).toThrow(/something has that/);
  }
});
