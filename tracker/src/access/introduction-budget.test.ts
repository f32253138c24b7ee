import { expect, test } from 'vitest';
import { IntroductionBudget } from './introduction-budget.ts';

const minutes = (count: number) => count * 60_000;

test('an hour’s worth at once, then as it comes back', () => {
  const budget = new IntroductionBudget(60, 0);
  expect(budget.takeJoin(0)).toBe(true);
  expect([budget.take(32, 0), budget.take(32, 0), budget.take(1, 0)]).toEqual([32, 16, 0]);
  expect(budget.takeJoin(minutes(11))).toBe(false);
  expect(budget.take(32, minutes(11))).toBe(11);
  expect(budget.takeJoin(minutes(23))).toBe(true);
  expect(budget.take(5, 0)).toBe(0);
});

test('a small one still lets in; none is no limit', () => {
  expect(new IntroductionBudget(5, 0).takeJoin(0)).toBe(true);
  const unlimited = new IntroductionBudget(0, 0);
  for (let count = 0; count < 100; count++) expect(unlimited.takeJoin(0) && unlimited.take(32, 0) === 32).toBe(true);
});
