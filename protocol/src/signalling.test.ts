import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTrackerMessage, parseViewerMessage } from './signalling.ts';

const report = {
  coversMs: 1,
  peerBytes: 2,
  edgeBytes: 3,
  uploadedBytes: 4,
  discardedBytes: 5,
  rejectedChunks: 6,
  stalls: 7,
  stalledMs: 8,
  connectedPeers: 9,
};
const join = { type: 'join', swarm: 'https://site/a.m3u8', engine: 'swarm', upload: true };

describe('[S1] viewer messages', () => {
  test.each([
    join,
    { ...join, token: 'a.b.c' },
    { type: 'leave' },
    { type: 'report', report },
    { type: 'report', report: { ...report, startupMs: 10 } },
  ])('%j survives', (message) => {
    expect(parseViewerMessage(JSON.stringify(message))).toEqual(message);
  });

  test('fields that are not in the contract are dropped', () => {
    expect(parseViewerMessage(JSON.stringify({ ...join, admin: true }))).toEqual(join);
    expect(parseViewerMessage(JSON.stringify({ type: 'report', report: { ...report, x: 1 } }))).toEqual({
      type: 'report',
      report,
    });
  });

  test.each([
    ['another type', { type: 'dance' }],
    ['an empty swarm', { ...join, swarm: '' }],
    ['a long swarm', { ...join, swarm: 'x'.repeat(2049) }],
    ['another engine', { ...join, engine: 'warp' }],
    ['upload that is no boolean', { ...join, upload: 'yes' }],
    ['a token that is no text', { ...join, token: 5 }],
    ['a counter below zero', { type: 'report', report: { ...report, peerBytes: -1 } }],
    ['a counter that is no whole number', { type: 'report', report: { ...report, stalls: 0.5 } }],
    ['a counter beyond belief', { type: 'report', report: { ...report, edgeBytes: 2 ** 49 } }],
    ['a missing counter', { type: 'report', report: { ...report, coversMs: undefined } }],
  ])('%s is none', (_, message) => {
    expect(parseViewerMessage(JSON.stringify(message))).toBeUndefined();
  });

  test('no input throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseViewerMessage(text)));
    fc.assert(fc.property(fc.json(), (text) => void parseViewerMessage(text)));
    const typed = fc.record({
      type: fc.constantFrom('join', 'report', 'leave'),
      report: fc.jsonValue(),
      swarm: fc.jsonValue(),
    });
    fc.assert(fc.property(typed, (message) => void parseViewerMessage(JSON.stringify(message))));
  });
});

describe('tracker messages', () => {
  test.each([
    { type: 'welcome', viewer: 'v', reportEveryMs: 5000 },
    { type: 'error', reason: 'too-many', message: 'slow down' },
    { type: 'reconnect', afterMs: 100 },
  ])('%j survives', (message) => {
    expect(parseTrackerMessage(JSON.stringify(message))).toEqual(message);
  });

  test('[S2] a later type is known as unknown', () => {
    expect(parseTrackerMessage('{"type":"tomorrow"}')).toEqual({ type: 'unknown' });
  });

  test.each(['', '[]', '5', '{"type":5}', '{"type":"welcome","viewer":"v"}', '{"type":"error","reason":"mood"}'])(
    '%j is none',
    (text) => {
      expect(parseTrackerMessage(text)).toBeUndefined();
    },
  );
});
