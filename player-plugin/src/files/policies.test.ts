import { describe, expect, test } from 'vitest';
import { Blame } from './blame.ts';
import { rangeOf } from './file-range.ts';
import { SupplyMeter } from './supply-meter.ts';
import { wantsWebSeed } from './web-seed-policy.ts';

describe('the web seed', () => {
  const playing = { use: 'playback', aheadSeconds: 10, peersDeliver: true, peersHaveAll: true } as const;
  test.each([
    ['is left alone while peers deliver in time', playing, false],
    ['helps when it gets tight', { ...playing, aheadSeconds: 4 }, true],
    ['fills the buffer when peers are silent', { ...playing, peersDeliver: false }, true],
    ['fills no more than that', { ...playing, peersDeliver: false, aheadSeconds: 21 }, false],
  ] as const)('%s', (_name, view, expected) => expect(wantsWebSeed(view)).toBe(expected));
});

describe('the web seed of a download', () => {
  const loading = { use: 'download', peerRate: 0, edgeRate: 100, edgeCapacity: 100 } as const;
  test.each([
    ['is asked while it is not known what it can give', { ...loading, peerRate: 50, edgeCapacity: undefined }, true],
    ['is asked when there is nobody else', loading, true],
    ['rests when peers give as much as it would', { ...loading, peerRate: 98, edgeRate: 0 }, false],
    ['fills what peers leave', { ...loading, peerRate: 60, edgeRate: 30 }, true],
    ['fills no more than that', { ...loading, peerRate: 60, edgeRate: 40 }, false],
  ] as const)('%s', (_name, view, expected) => expect(wantsWebSeed(view)).toBe(expected));
});

test('what the edge can give is the most that came while it was asked without a pause', () => {
  const meter = new SupplyMeter(250);
  const look = (bytes: number, asked: boolean) => {
    meter.fromEdge(bytes);
    meter.look(asked);
  };
  for (let turn = 0; turn < 4; turn++) look(100, turn > 0);
  expect([meter.edgeCapacity, meter.edgeRate]).toEqual([undefined, 400]);
  look(100, true);
  expect(meter.edgeCapacity).toBe(400);
  for (let turn = 0; turn < 4; turn++) look(0, false);
  meter.fromPeer(100);
  meter.look(false);
  expect([meter.edgeCapacity, meter.edgeRate, meter.peerRate]).toEqual([400, 0, 100]);
});

test('that is not measured before the edge answers, and is measured anew, each time after twice as long', () => {
  const meter = new SupplyMeter(250);
  const looks = (count: number, bytes: number, asked: boolean) => {
    for (let turn = 0; turn < count; turn++) {
      meter.fromEdge(bytes);
      meter.look(asked);
    }
    return meter.edgeCapacity;
  };
  expect(looks(10, 0, true)).toBeUndefined();
  expect(looks(5, 100, true)).toBe(400);
  expect(looks(39, 0, false)).toBe(400);
  expect(looks(1, 0, false)).toBeUndefined();
  expect(looks(5, 200, true)).toBe(800);
  expect(looks(79, 0, false)).toBe(800);
  expect(looks(1, 0, false)).toBeUndefined();
  expect(looks(5, 100, true)).toBe(800);
});

describe('a download beside a slow peer takes hardly longer than from the edge alone', () => {
  const PIECE_BYTES = 64 * 1024;
  const BLOCK_BYTES = 16 * 1024;
  const LINE_RATE = 512 * 1024;
  const wholeOf = (bytes: number, unit: number) => bytes - (bytes % unit);

  /** @param peerRate bytes/s @param isStill whether nothing comes from the edge in this look @returns seconds for 32 MiB */
  function secondsToLoad(peerRate: number, isStill: (look: number) => boolean): number {
    const meter = new SupplyMeter(250);
    let asksEdge = true;
    let [left, asked, fromEdge, fromPeer, look] = [32 * 1024 * 1024, 0, 0, 0, 0];
    for (; left > 0; look++) {
      // As many pieces as the web seed has under way; what was asked for comes in any case.
      if (asksEdge) asked = 9 * PIECE_BYTES;
      fromEdge += isStill(look) ? 0 : Math.min(asked - fromEdge, LINE_RATE / 4);
      fromPeer += look < 6 ? 0 : peerRate / 4;
      const [pieces, blocks] = [wholeOf(fromEdge, PIECE_BYTES), wholeOf(fromPeer, BLOCK_BYTES)];
      [left, asked, fromEdge, fromPeer] = [
        left - pieces - blocks,
        asked - pieces,
        fromEdge - pieces,
        fromPeer - blocks,
      ];
      meter.fromEdge(pieces);
      meter.fromPeer(blocks);
      meter.look(asksEdge);
      const { edgeRate, edgeCapacity } = meter;
      asksEdge = wantsWebSeed({ use: 'download', peerRate: meter.peerRate, edgeRate, edgeCapacity });
    }
    return look / 4;
  }

  test.each([
    ['is slow to answer', (look: number) => look < 8],
    ['stops after its first piece', (look: number) => look >= 1 && look < 10],
  ] as const)('when the edge %s', (_name, isStill) => {
    const alone = secondsToLoad(0, isStill);
    const beside = [20_000, 60_000, 100_000, 250_000].map((peerRate) => secondsToLoad(peerRate, isStill));
    expect(Math.max(...beside) / alone).toBeLessThan(1.25);
  });
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
