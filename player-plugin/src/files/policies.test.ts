import { describe, expect, test } from 'vitest';
import { Blame } from './blame.ts';
import { rangeOf } from './file-range.ts';
import { wantsWebSeed } from './web-seed-policy.ts';

describe('the web seed', () => {
  const playing = { use: 'playback', aheadSeconds: 10, peersDeliver: true, peersHaveAll: true } as const;
  test.each([
    ['is left alone while peers deliver in time', playing, false],
    ['helps when it gets tight', { ...playing, aheadSeconds: 4 }, true],
    ['fills the buffer when peers are silent', { ...playing, peersDeliver: false }, true],
    ['fills no more than that', { ...playing, peersDeliver: false, aheadSeconds: 21 }, false],
    ['is not asked for a download that peers can serve', { ...playing, use: 'download', aheadSeconds: 0 }, false],
    ['is asked for pieces that no peer has', { ...playing, use: 'download', peersHaveAll: false }, true],
  ] as const)('%s', (_name, view, expected) => expect(wantsWebSeed(view)).toBe(expected));
});

test('who alone sent a bad piece is left; who sent it with others, only after the third', () => {
  const [alone, one, other] = [{}, {}, {}];
  const blame = new Blame<object>();
  blame.received(1, alone);
  expect(blame.failed(1)).toEqual([alone]);
  for (const expected of [[], [], [one, other]]) {
    blame.received(2, one);
    blame.received(2, other);
    expect(blame.failed(2)).toEqual(expected);
  }
  blame.received(3, one);
  blame.verified(3);
  expect(blame.failed(3)).toEqual([]);
});

test.each([
  [null, 'whole'],
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=10-19', { start: 10, end: 19 }],
  ['bytes=90-500', { start: 90, end: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['nonsense', 'whole'],
] as const)('range %s of 100 bytes', (header, expected) => expect(rangeOf(header, 100)).toEqual(expected));
