import { describe, expect, test, vi } from 'vitest';
import { AnotherToken } from './another-token.ts';
import { renewAfterMs, TokenRenewal } from './token-renewal.ts';

/** A clock that the test moves; a microtask after each timer, for the promises. */
function handClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    timers,
    now: () => nowMs,
    after(ms: number, run: () => void) {
      const timer = { at: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** @returns how long it took to the next timer, ms */
    async next() {
      const [timer] = [...timers].sort((a, b) => a.at - b.at);
      if (!timer) throw new Error('nothing is waited for');
      timers.delete(timer);
      const tookMs = timer.at - nowMs;
      nowMs = timer.at;
      timer.run();
      await new Promise((resolve) => setImmediate(resolve));
      return tookMs;
    },
  };
}

const random = () => 0;

describe('[S10] a token is renewed', () => {
  test.each([
    [60_000, 0, 36_000],
    [60_000, 1, 48_000],
    [10, 0, 1000],
    [10 ** 12, 0, 2 ** 31 - 1],
  ])('%i ms before its end, by chance %i, after %i ms', (leftMs, chance, afterMs) => {
    expect(renewAfterMs(leftMs, () => chance)).toBe(afterMs);
  });

  test('with a fresh one each time, as often as the tracker answers', async () => {
    const clock = handClock();
    let count = 0;
    const shown: string[] = [];
    const renewal = new TokenRenewal(
      async () => `token ${++count}`,
      (token) => shown.push(token),
      { clock, random },
    );
    renewal.mayStay(60_000);
    expect(await clock.next()).toBe(36_000);
    renewal.mayStay(60_000);
    expect(await clock.next()).toBe(36_000);
    expect(shown).toEqual(['token 1', 'token 2']);
  });

  test('again and again while the site has none, or only the one that is known', async () => {
    const clock = handClock();
    const fresh = vi.fn<() => Promise<string | undefined>>();
    fresh.mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(undefined).mockResolvedValueOnce('known');
    fresh.mockResolvedValue('fresh');
    const shown: string[] = [];
    const renewal = new TokenRenewal(fresh, (token) => shown.push(token), { clock, random });
    renewal.hasShown('known');
    renewal.mayStay(60_000);
    for (let attempt = 0; attempt < 3; attempt++) await clock.next();
    expect(shown).toEqual([]);
    await clock.next();
    expect(shown).toEqual(['fresh']);
    while (clock.timers.size > 0) await clock.next();
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
    expect(fresh.mock.calls.length).toBeLessThan(12);
  });

  test('never again when it is stopped, not even by a site that answers late', async () => {
    const clock = handClock();
    let answer: (token: string) => void = () => undefined;
    const show = vi.fn();
    const fresh = () => new Promise<string>((resolve) => (answer = resolve));
    const renewal = new TokenRenewal(fresh, show, { clock, random });
    renewal.mayStay(60_000);
    await clock.next();
    renewal.stop();
    answer('late');
    await new Promise((resolve) => setImmediate(resolve));
    expect(show).not.toHaveBeenCalled();
    expect(clock.timers.size).toBe(0);
  });
});

describe('[S10] after a refusal', () => {
  test('the same token is not shown again, and the site is asked ever less often', async () => {
    const clock = handClock();
    const another = new AnotherToken(async () => 'old', { clock, random });
    await another.take();
    const hasAnother = vi.fn();
    expect(another.refused(hasAnother)).toBe(true);
    const waits = [];
    for (let attempt = 0; attempt < 11; attempt++) waits.push((await clock.next()) / 500);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256]);
    expect(hasAnother).not.toHaveBeenCalled();
  });

  test('another token opens the way; refusals in a row are one, until one is accepted', async () => {
    const clock = handClock();
    let token = 'old';
    const another = new AnotherToken(async () => token, { clock, random });
    await another.take();
    const hasAnother = vi.fn();
    another.refused(hasAnother);
    token = 'new';
    await clock.next();
    expect(hasAnother).toHaveBeenCalledOnce();
    await another.take();
    expect(another.refused(hasAnother)).toBe(false);
    another.accepted();
    expect(another.refused(hasAnother)).toBe(true);
    another.stop();
    expect(clock.timers.size).toBe(0);
  });

  test('a site that fails is asked again', async () => {
    const clock = handClock();
    const fresh = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue('new');
    const another = new AnotherToken(fresh, { clock, random });
    const hasAnother = vi.fn();
    another.refused(hasAnother);
    await clock.next();
    await clock.next();
    expect(hasAnother).toHaveBeenCalledOnce();
  });
});
