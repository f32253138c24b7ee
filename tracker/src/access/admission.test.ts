import { randomBytes } from 'node:crypto';
import type { TrackerMessage, ViewerMessage } from '@nearcast/protocol';
import { SignJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { patience } from '../testing/test-viewer.ts';
import { Admission } from './admission.ts';
import { JoinTokens } from './join-tokens.ts';
import { UsedTokens } from './used-tokens.ts';

const secret = randomBytes(32);
const startedAt = 1_800_000_000;
const viewer = 1;
const join = (token?: string): ViewerMessage => ({
  type: 'join',
  swarm: 'movie',
  engine: 'swarm',
  upload: true,
  ...(token === undefined ? {} : { token }),
});

async function tokenFor(seconds: number, more: object = {}): Promise<string> {
  return await new SignJWT({ swarm: 'movie', exp: startedAt + seconds, ...more })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret);
}

/** A clock that the test moves; the time of day can jump by itself. */
function world(maxIntroductions = 0) {
  let nowMs = 0;
  let dayOffMs = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const passed: ViewerMessage[] = [];
  const told: TrackerMessage[] = [];
  const reasons: string[] = [];
  const sentAway: number[] = [];
  const clock = {
    now: () => nowMs,
    after(ms: number, run: () => void) {
      const timer = { at: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const admission = new Admission({
    clock,
    tokens: new JoinTokens(
      { secrets: [secret], keySet: undefined },
      new UsedTokens(clock.now, () => Promise.resolve(true)),
      () => startedAt * 1000 + nowMs + dayOffMs,
    ),
    maxIntroductions,
    networkOf: (connection) => `network of ${connection}`,
    hasRoom: (swarm) => swarm !== 'busy',
    mayJoin: () => true,
    isSwarm: (swarm) => swarm !== 'unsealed',
    pass: (_, message) => passed.push(message),
    tell: (_, message) => told.push(message),
    refused: (because) => reasons.push(because),
    sendAway: (connection) => sentAway.push(connection),
  });
  return {
    admission,
    passed,
    told,
    reasons,
    sentAway,
    timers,
    jump: (ms: number) => {
      dayOffMs += ms;
    },
    advance(ms: number) {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.at > nowMs || !timers.delete(timer)) continue;
        timer.run();
      }
    },
    say: (message: ViewerMessage, from = viewer) => admission.receive(from, message),
    settled: (count: number) => vi.waitFor(() => expect(passed.length + told.length).toBe(count)),
  };
}

describe('[S10] join', () => {
  test('is passed on when its token is good, and what follows it after it', async () => {
    const { say, passed, settled, admission } = world();
    say(join(await tokenFor(60, { region: 'eu' })));
    say({ type: 'want', peers: 3 });
    say({ type: 'want', peers: 4 });
    expect(passed).toEqual([]);
    await settled(3);
    expect(passed.map(({ type }) => type)).toEqual(['join', 'want', 'want']);
    expect(admission.regionOf(viewer)).toBe('eu');
    expect(admission.expiresInMs(viewer)).toBe(70_000);
  });

  test('a second join in the queue is looked at in its turn', async () => {
    const { say, passed, told, settled } = world();
    say(join(await tokenFor(60)));
    say({ type: 'want', peers: 1 });
    say(join('nonsense'));
    say({ type: 'want', peers: 2 });
    await settled(4);
    expect(passed.map((message) => (message.type === 'want' ? message.peers : message.type))).toEqual([
      'join',
      1,
      'leave',
    ]);
    expect(told).toEqual([
      { type: 'error', reason: 'unauthorised', message: 'the token is not signed with a key of this site' },
    ]);
  });

  test('is refused without one; what a refused viewer says is not passed on, nor an error of its', async () => {
    const { say, passed, told, reasons, settled } = world();
    say(join());
    say({ type: 'want', peers: 3 });
    await settled(1);
    say({ type: 'want', peers: 3 });
    expect(passed).toEqual([]);
    expect(told).toEqual([{ type: 'error', reason: 'unauthorised', message: 'this tracker wants a token' }]);
    expect(reasons).toEqual(['missing']);
    say(join(await tokenFor(60)));
    await settled(2);
    say({ type: 'want', peers: 4 });
    expect(passed.map(({ type }) => type)).toEqual(['join', 'want']);
  });

  test('a flood before the token is looked at is bounded', async () => {
    const { say, told, passed } = world();
    say(join(await tokenFor(60)));
    for (let count = 0; count < 100; count++) say({ type: 'want', peers: 1 });
    expect(told.length).toBe(36);
    await vi.waitFor(() => expect(passed.length).toBe(65), patience);
  });

  test('who has gone in the meantime is not let in', async () => {
    const { say, admission, passed, timers } = world();
    say(join(await tokenFor(60)));
    admission.forget(viewer);
    const other = world();
    other.say(join(await tokenFor(60)));
    await other.settled(1);
    expect(passed).toEqual([]);
    expect(timers.size).toBe(0);
  });

  test('who may not upload never does, whatever it says', async () => {
    const { say, passed, settled } = world();
    say(join(await tokenFor(60, { upload: 'never' })));
    await settled(1);
    say({ type: 'update', upload: true, dutyBitsPerSecond: 5 });
    expect(passed).toMatchObject([{ upload: false }, { upload: false }]);
  });
});

test('a swarm that there cannot be is refused before its token is looked at', () => {
  const { say, told, reasons, passed } = world();
  say({ type: 'join', swarm: 'unsealed', engine: 'swarm', upload: true });
  expect(told).toMatchObject([{ type: 'error', reason: 'no-such-swarm' }]);
  expect(reasons).toEqual(['unsealed']);
  expect(passed).toEqual([]);
});

test('a swarm that too many join at once has its viewers come back later, and looks at no token', () => {
  const { say, told, reasons, passed, sentAway } = world();
  say({ type: 'join', swarm: 'busy', engine: 'swarm', upload: true });
  expect([told, passed]).toEqual([[], []]);
  expect(reasons).toEqual(['swarm-busy']);
  expect(sentAway).toEqual([viewer]);
});

describe('introductions', () => {
  test('of a subject are counted over all its connections, and a join too many changes nothing', async () => {
    const { say, passed, told, settled, admission } = world(24);
    const token = await tokenFor(60, { sub: 'alice' });
    say(join(token), 1);
    await settled(1);
    say({ type: 'want', peers: 8 }, 1);
    admission.forget(1);
    say(join(token), 2);
    await settled(3);
    expect(told).toMatchObject([{ reason: 'too-many', message: 'too many joins of this viewer; come back later' }]);
    say(join(await tokenFor(60, { sub: 'bob' })), 2);
    await settled(4);
    say(join(token), 2);
    await settled(5);
    say({ type: 'want', peers: 20 }, 2);
    expect(passed.map((message) => (message.type === 'want' ? message.peers : message.type))).toEqual([
      'join',
      8,
      'join',
      12,
    ]);
  });
});

describe('a token for one use', () => {
  const once = (id: string) => tokenFor(60, { use: 'once', jti: id });

  test('lets in once, also when it is shown for a renewal', async () => {
    const { say, told, reasons, settled } = world();
    say(join(await once('first')), 1);
    await settled(1);
    say(join(await once('first')), 2);
    await settled(2);
    expect(told).toEqual([
      { type: 'error', reason: 'unauthorised', message: 'the token is for one use, and was used' },
    ]);
    say({ type: 'renew', token: await once('first') }, 1);
    await settled(3);
    expect(told.at(-1)).toMatchObject({ type: 'renewed', problem: 'the token is for one use, and was used' });
    say({ type: 'renew', token: await once('second') }, 1);
    await settled(4);
    expect(told.at(-1)).toEqual({ type: 'renewed', tokenExpiresInMs: 70_000 });
    expect(reasons).toEqual(['used', 'used']);
  });

  test('is not used by a join that it is not for', async () => {
    const { say, passed, settled } = world();
    const token = await once('first');
    say({ ...join(token), swarm: 'other' } as ViewerMessage);
    await settled(1);
    say(join(token));
    await settled(2);
    expect(passed.map(({ type }) => type)).toEqual(['join']);
  });
});

describe('[S10] the end', () => {
  test('shows the viewer out, once', async () => {
    const { say, passed, told, reasons, settled, advance, timers } = world();
    say(join(await tokenFor(60)));
    await settled(1);
    advance(69_999);
    expect(told).toEqual([]);
    advance(1);
    expect(passed.at(-1)).toEqual({ type: 'leave' });
    expect(told).toEqual([{ type: 'error', reason: 'unauthorised', message: 'the token has expired' }]);
    expect(reasons).toEqual(['expired']);
    expect(timers.size).toBe(0);
  });

  test('comes later when a fresh token was shown', async () => {
    const { say, told, settled, advance } = world();
    say(join(await tokenFor(60)));
    await settled(1);
    advance(50_000);
    say({ type: 'renew', token: await tokenFor(110) });
    await settled(2);
    expect(told).toEqual([{ type: 'renewed', tokenExpiresInMs: 70_000 }]);
    advance(60_000);
    expect(told.length).toBe(1);
    advance(10_000);
    expect(told.at(-1)).toMatchObject({ type: 'error', reason: 'unauthorised' });
  });

  test.each([
    ['expired', async () => await tokenFor(-11), 'the token has expired'],
    ['for another swarm', async () => await tokenFor(60, { swarm: 'other' }), 'the token is for another swarm'],
    ['nonsense', async () => 'nonsense', 'the token is not signed with a key of this site'],
  ])('a renewal that is %s changes nothing', async (_, fresh, problem) => {
    const { say, told, settled, advance, passed } = world();
    say(join(await tokenFor(60)));
    await settled(1);
    say({ type: 'renew', token: await fresh() });
    await settled(2);
    expect(told).toEqual([{ type: 'renewed', tokenExpiresInMs: 70_000, problem }]);
    advance(70_000);
    expect(passed.at(-1)).toEqual({ type: 'leave' });
  });

  test('a renewal that forbids sending takes the duty away', async () => {
    const { say, passed, settled } = world();
    say(join(await tokenFor(60)));
    await settled(1);
    say({ type: 'renew', token: await tokenFor(90, { upload: 'never' }) });
    await settled(3);
    expect(passed.at(-1)).toEqual({ type: 'update', upload: false, dutyBitsPerSecond: 0 });
  });

  test('a time of day that jumps shows nobody out, and keeps nobody', async () => {
    const { say, told, settled, jump, advance } = world();
    say(join(await tokenFor(60)));
    await settled(1);
    jump(3_600_000);
    advance(60_000);
    expect(told).toEqual([]);
    jump(-7_200_000);
    advance(10_000);
    expect(told).toMatchObject([{ reason: 'unauthorised' }]);
  });

  test('years away is no timer of an instant', async () => {
    const { say, told, settled, advance, timers } = world();
    say(join(await tokenFor(100 * 365 * 86_400)));
    await settled(1);
    expect([...timers].map(({ at }) => at)).toEqual([2 ** 31 - 1]);
    advance(2 ** 31);
    expect(told).toEqual([]);
    expect(timers.size).toBe(1);
  });
});
