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
