import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type IceConfig, iceDefaults, iceProblem, iceServersFor } from './ice-config.ts';

const turn = { turnUrl: ['turn:turn.example.com:3478?transport=udp'], turnSecret: 'north' };

test('without configuration no server is named: no public one is a default', () => {
  expect(iceServersFor(iceDefaults, 'viewer', 0)).toEqual([]);
});

test.each([
  ['tracker.example.com', 'stun:tracker.example.com:3478'],
  ['2001:db8::1', 'stun:[2001:db8::1]:3478'],
])('STUN at %s is %s', (publicHost, url) => {
  expect(iceServersFor({ ...iceDefaults, stunPort: 3478, publicHost }, 'viewer', 0)).toEqual([{ urls: [url] }]);
});

test('TURN comes with a user name that ends, and its HMAC', () => {
  const username = '1086400:viewer';
  expect(iceServersFor({ ...iceDefaults, ...turn }, 'viewer', 1_000_000.7)).toEqual([
    { urls: turn.turnUrl, username, credential: createHmac('sha1', 'north').update(username).digest('base64') },
  ]);
});

test.each<[Partial<IceConfig>, string | undefined]>([
  [{}, undefined],
  [{ ...turn, stunPort: 3478, publicHost: 'tracker' }, undefined],
  [{ ...turn, turnUrl: ['turns:[2001:db8::1]:5349', 'turn:192.0.2.1'] }, undefined],
  [{ stunPort: 3478 }, '--stun-port needs --public-host: viewers must be told where it is'],
  [{ stunPort: 3478, publicHost: 'http://tracker/' }, '--public-host is not a name or address: http://tracker/'],
  [{ turnUrl: turn.turnUrl }, '--turn-url needs --turn-secret'],
  [{ turnSecret: 'north' }, '--turn-secret needs --turn-url'],
  [
    { ...turn, turnUrl: ['stun:turn.example.com'] },
    '--turn-url is not a TURN URL such as turn:turn.example.com:3478: stun:turn.example.com',
  ],
  [{ ...turn, turnUrl: new Array(9).fill('turn:a') }, '--turn-url takes at most 8 URLs'],
])('%j: %s', (given, problem) => expect(iceProblem({ ...iceDefaults, ...given })).toBe(problem));
