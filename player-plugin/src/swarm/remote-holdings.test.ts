import { MAX_CHUNKS } from '@nearcast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitCount } from '../bits.ts';
import { type Holdings, RemoteHoldings } from './remote-holdings.ts';

const one = (chunk: number) => [{ first: chunk, count: 1 }];

/** What a neighbour did, and what must be known of it then: told chunk by chunk, without bits. */
class Told {
  readonly all: Holdings = new Map();
  readonly neighbours = new Map<number, RemoteHoldings>();
  /** Chunks by who and key. */
  readonly chunks = new Map<string, Set<number>>();

  take({ does, who, key, chunk }: Step): void {
    const neighbour = this.neighbours.get(who) ?? new RemoteHoldings(this.all, 1 << who);
    this.neighbours.set(who, neighbour);
    const known = this.chunks.get(`${who} ${key}`);
    switch (does) {
      case 'have':
        neighbour.addHave(key, one(chunk));
        this.chunks.set(`${who} ${key}`, (known ?? new Set()).add(chunk));
        break;
      case 'lack':
        neighbour.lacks(key, chunk);
        known?.delete(chunk);
        break;
      case 'drop':
        neighbour.drop(key);
        this.chunks.delete(`${who} ${key}`);
        break;
      case 'leave':
        neighbour.leave();
        this.neighbours.delete(who);
        for (const name of keys) this.chunks.delete(`${who} ${name}`);
        break;
    }
  }
}

const keys = ['a', 'b', 'c'] as const;
const everyChunk = Array.from({ length: MAX_CHUNKS }, (_, chunk) => chunk);

interface Step {
  readonly does: 'have' | 'lack' | 'drop' | 'leave';
  readonly who: number;
  readonly key: (typeof keys)[number];
  readonly chunk: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('have', 'have', 'have', 'lack', 'drop', 'leave'),
  who: fc.nat(31),
  key: fc.constantFrom(...keys),
  chunk: fc.nat(MAX_CHUNKS - 1),
});

describe('neighbours', () => {
  test('have what they told of, and none what another told', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const told = new Told();
        for (const one of steps) told.take(one);
        for (const [who, neighbour] of told.neighbours) {
          for (const key of keys) {
            const has = told.chunks.get(`${who} ${key}`);
            expect(neighbour.knows(key)).toBe(has !== undefined);
            expect(everyChunk.filter((chunk) => neighbour.has(key, chunk))).toEqual(
              [...(has ?? [])].sort((a, b) => a - b),
            );
          }
        }
      }),
    );
  });

  test('are counted by their bits', () => {
    const all: Holdings = new Map();
    for (let who = 0; who < 32; who++) new RemoteHoldings(all, 1 << who).addHave('a', [{ first: who, count: 32 }]);
    const copies = Array.from(all.get('a')?.has ?? [], bitCount);
    expect(copies.slice(0, 64)).toEqual(Array.from({ length: 64 }, (_, chunk) => Math.min(chunk + 1, 63 - chunk)));
  });

  test('that come have nothing of those whose bit was theirs', () => {
    const all: Holdings = new Map();
    const former = new RemoteHoldings(all, 2);
    former.addHave('a', one(3));
    former.leave();
    expect(all.size).toBe(0);
    expect(new RemoteHoldings(all, 2).has('a', 3)).toBe(false);
  });
});

test('a flood of segments forgets the oldest of the one that floods, and nothing of others', () => {
  const all: Holdings = new Map();
  const [honest, flooding] = [new RemoteHoldings(all, 1), new RemoteHoldings(all, 2)];
  honest.addHave('segment 0', one(1));
  for (let number = 0; number < 2_000; number++) flooding.addHave(`segment ${number}`, one(1));
  expect(honest.has('segment 0', 1)).toBe(true);
  expect(flooding.has('segment 0', 1)).toBe(false);
  expect(flooding.has('segment 1999', 1)).toBe(true);
  expect(all.get('segment 1')).toBeUndefined();
});

test('what is being fetched counts for a while, and of one neighbour alone', () => {
  const all: Holdings = new Map();
  const [fetching, other] = [new RemoteHoldings(all, 1), new RemoteHoldings(all, 2)];
  fetching.addFetching('a', [{ first: 2, count: 3 }], 1_000);
  expect(fetching.isFetching('a', 4, 1_500)).toBe(true);
  expect(other.isFetching('a', 4, 1_500)).toBe(false);
  expect(fetching.isFetching('a', 4, 60_000)).toBe(false);
  fetching.drop('a');
  expect(fetching.isFetching('a', 4, 1_500)).toBe(false);
});
