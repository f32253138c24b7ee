import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyReport } from './playback-report.ts';
import { parseTrackerMessage, parseViewerMessage } from './signalling.ts';

const report = { ...emptyReport, coversMs: 1, peerBytes: 2, edgeBytes: 3, stalls: 7, mode: 'swarm' };
const join = { type: 'join', swarm: 'https://site/a.m3u8', engine: 'swarm', upload: true };

describe('[S1] viewer messages', () => {
  test.each([
    join,
    { ...join, token: 'a.b.c' },
    { type: 'leave' },
    { type: 'report', report },
    { type: 'report', report: { ...report, startupMs: 10, latencyMs: 6400 } },
    { type: 'report', report: { ...report, links: [{ peer: 'p', receivedBytes: 5, sentBytes: 0, rttMs: 20 }] } },
    { type: 'update', upload: false, dutyBitsPerSecond: 1_200_000.5 },
    { type: 'want', peers: 3 },
    { type: 'renew', token: 'a.b.c' },
    { type: 'unlink', peer: 'p', because: 'failed' },
    { type: 'signal', to: 'p', signal: { description: { type: 'offer', sdp: 'v=0' } } },
    { type: 'signal', to: 'p', signal: { candidate: { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 } } },
    { type: 'signal', to: 'p', signal: { candidate: { candidate: '' } } },
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
    ['a duty that is no number', { type: 'update', upload: true, dutyBitsPerSecond: '1' }],
    ['a want beyond reason', { type: 'want', peers: 1000 }],
    ['an unlink for another reason', { type: 'unlink', peer: 'p', because: 'mood' }],
    [
      'a signal with a giant SDP',
      { type: 'signal', to: 'p', signal: { description: { type: 'offer', sdp: 'x'.repeat(20_000) } } },
    ],
    ['a renewal without a token', { type: 'renew' }],
    ['a renewal with a giant token', { type: 'renew', token: 'x'.repeat(5000) }],
    ['an empty signal', { type: 'signal', to: 'p', signal: {} }],
    ['a counter below zero', { type: 'report', report: { ...report, peerBytes: -1 } }],
    ['a counter that is no whole number', { type: 'report', report: { ...report, stalls: 0.5 } }],
    ['a counter beyond belief', { type: 'report', report: { ...report, edgeBytes: 2 ** 49 } }],
    ['another mode', { type: 'report', report: { ...report, mode: 'warp' } }],
    ['a link without a peer', { type: 'report', report: { ...report, links: [{ receivedBytes: 5, sentBytes: 0 }] } }],
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
  const welcome = { type: 'welcome', viewer: 'v', reportEveryMs: 5000, viewers: 3, keys: [], iceServers: [] };

  test.each([
    welcome,
    { ...welcome, keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] },
    { ...welcome, iceServers: [{ urls: ['stun:s'] }, { urls: ['turn:t'], username: 'u', credential: 'c' }] },
    { ...welcome, tokenExpiresInMs: 60_000 },
    { type: 'renewed', tokenExpiresInMs: 60_000 },
    { type: 'renewed', tokenExpiresInMs: 5, problem: 'it has expired' },
    { type: 'introduce', peer: 'p', initiate: true, nearness: 'lan' },
    { type: 'signal', from: 'p', signal: { candidate: { candidate: 'c' } } },
    { type: 'duty', arc: { start: 0.25, width: 0.5 } },
    { type: 'duty', arc: null },
    { type: 'error', reason: 'too-many', message: 'slow down' },
    { type: 'blocked' },
    { type: 'reconnect', afterMs: 100 },
  ])('%j survives', (message) => {
    expect(parseTrackerMessage(JSON.stringify(message))).toEqual(message);
  });

  test('what is wrong with a key or an ICE server costs only that one', () => {
    const given = { ...welcome, keys: [5, { kty: 'RSA' }], iceServers: [{ urls: [] }, null, { urls: ['stun:s', 5] }] };
    expect(parseTrackerMessage(JSON.stringify(given))).toEqual({ ...welcome, iceServers: [{ urls: ['stun:s'] }] });
  });

  test('[S2] a later type is known as unknown', () => {
    expect(parseTrackerMessage('{"type":"tomorrow"}')).toEqual({ type: 'unknown' });
    expect(parseTrackerMessage('{"type":"toString"}')).toEqual({ type: 'unknown' });
  });

  test.each(['', '[]', '5', '{"type":5}', '{"type":"welcome","viewer":"v"}', '{"type":"error","reason":"mood"}'])(
    '%j is none',
    (text) => {
      expect(parseTrackerMessage(text)).toBeUndefined();
    },
  );

  test('no input throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTrackerMessage(text)));
    const types = ['welcome', 'introduce', 'signal', 'duty', 'error', 'reconnect'];
    const field = fc.jsonValue();
    const typed = fc.record({
      type: fc.constantFrom(...types),
      signal: field,
      arc: field,
      keys: field,
      iceServers: field,
    });
    fc.assert(fc.property(typed, (message) => void parseTrackerMessage(JSON.stringify(message))));
  });
});
