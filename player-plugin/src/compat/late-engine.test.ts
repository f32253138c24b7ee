import { expect, test } from 'vitest';
import type { Rendition, SegmentEngine } from '../segment-engine.ts';
import { LateEngine } from './late-engine.ts';

function world() {
  const told: unknown[] = [];
  let ring: (() => void) | undefined;
  const clock = {
    now: () => 0,
    after(_ms: number, run: () => void) {
      ring = run;
      return () => {
        ring = undefined;
      };
    },
  };
  const make = (said: string): SegmentEngine => {
    told.push(`made with ${said}`);
    return {
      patienceMs: 1,
      deliver: ({ url }) => {
        told.push(url);
        return undefined;
      },
      renditionChanged: ({ url, segments }) => told.push(`${url} ${segments.length}`),
      playheadMoved: ({ position }) => told.push(position),
      destroy: () => told.push('destroyed'),
    };
  };
  const late = new LateEngine(make, { clock, waitMs: 1, otherwise: 'nothing', patienceMs: 8000 });
  return { late, told, ring: () => ring?.(), isWaiting: () => ring !== undefined };
}

const playhead = (position: number) => ({ position, rate: 1, bufferedAhead: 0 });
const rendition = (url: string, segments: number): Rendition => ({
  url,
  kind: 'main',
  live: true,
  targetDuration: 2,
  segments: Array.from({ length: segments }, (_, sequence) => ({ url: `${sequence}`, sequence, start: 0, end: 2 })),
});

test('delivers nothing before the tracker has spoken, and then knows the latest of all', () => {
  const { late, told, isWaiting } = world();
  expect(late.deliver({ url: 'early', kind: 'main' } as never)).toBeUndefined();
  for (const count of [1, 2]) late.renditionChanged(rendition('a', count));
  late.renditionChanged(rendition('b', 1));
  for (const position of [1, 2]) late.playheadMoved(playhead(position));
  expect(told).toEqual([]);
  late.begin('a server');
  late.begin('another');
  expect(told).toEqual(['made with a server', 'a 2', 'b 1', 2]);
  late.deliver({ url: 'late', kind: 'main' } as never);
  late.playheadMoved(playhead(3));
  late.renditionChanged(rendition('a', 3));
  expect(told.slice(4)).toEqual(['late', 3, 'a 3']);
  expect(isWaiting()).toBe(false);
});

test('a tracker that says nothing is not waited for', () => {
  const { ring, told } = world();
  ring();
  expect(told).toEqual(['made with nothing']);
});

test('what is destroyed never begins', () => {
  const { late, told, isWaiting } = world();
  late.destroy();
  late.begin('a server');
  expect(told).toEqual([]);
  expect(isWaiting()).toBe(false);
});
