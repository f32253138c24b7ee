import type { FragmentLoaderContext } from 'hls.js';
import { expect, test } from 'vitest';
import { StartGate } from './start-gate.ts';

type Load = Pick<FragmentLoaderContext, 'frag' | 'part'>;
const load = (type: string, sn: number | 'initSegment', part: unknown = null) =>
  ({ frag: { type, sn }, part }) as unknown as Load;

test.each<[string, Load[], Load, boolean]>([
  ['the first segment', [], load('main', 7), false],
  ['the second', [load('main', 7)], load('main', 8), true],
  ['one after an initialisation alone', [load('main', 'initSegment')], load('main', 7), false],
  ['the first of another kind', [load('main', 7)], load('audio', 7), false],
  ['the second of another kind', [load('main', 7), load('audio', 7)], load('audio', 8), true],
  ['a part', [load('main', 7)], load('main', 8, {}), false],
  ['one after a part', [load('main', 7, {})], load('main', 8), false],
])('before the first frame: %s', (_, loaded, next, expected) => {
  const gate = new StartGate();
  for (const one of loaded) gate.loaded(one);
  expect(gate.mayWait(next)).toBe(expected);
});

test('after the first frame anything may, until other content begins', () => {
  const gate = new StartGate();
  gate.firstFrame();
  expect(gate.mayWait(load('main', 8, {}))).toBe(true);
  gate.reset();
  expect([gate.mayWait(load('main', 8)), gate.hasFrame, gate.hasSegment]).toEqual([false, false, false]);
});
