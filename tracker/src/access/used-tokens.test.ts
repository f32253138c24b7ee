import { expect, test } from 'vitest';
import { UsedTokens } from './used-tokens.ts';

function world(takeEverywhere = () => Promise.resolve(true)) {
  const day = { now: 0 };
  return { day, used: new UsedTokens(() => day.now, takeEverywhere) };
}

test('a token for one use counts once while it is valid', async () => {
  const { used, day } = world();
  expect(await used.take('a', 1000)).toBe(true);
  expect(await used.take('b', 1000)).toBe(true);
  day.now = 999;
  expect(await used.take('a', 1)).toBe(false);
});

test('at the same instant, too', async () => {
  const { used } = world();
  expect(await Promise.all([used.take('a', 1000), used.take('a', 1000)])).toEqual([true, false]);
});

test('one that was used at another replica is used; where they cannot be asked, this one decides', async () => {
  const { used } = world(() => Promise.resolve(false));
  expect(await used.take('a', 1000)).toBe(false);
  const alone = world(() => Promise.reject(new Error('Redis is away')));
  expect([await alone.used.take('a', 1000), await alone.used.take('a', 1000)]).toEqual([true, false]);
});

test('those that have run out are forgotten', async () => {
  const { used, day } = world();
  for (let count = 0; count < 1000; count++) {
    day.now += 10;
    await used.take(`token ${count}`, 100);
  }
  expect(used.size).toBeLessThan(20);
});
