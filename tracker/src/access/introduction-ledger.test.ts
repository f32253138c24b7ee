import { expect, test } from 'vitest';
import { type Bearer, IntroductionLedger } from './introduction-ledger.ts';

const hour = 3_600_000;
const at = (network: string | undefined, subject?: string): Bearer => ({ subject, network });

test('what a viewer has used it has used when it comes back', () => {
  const ledger = new IntroductionLedger(100);
  for (const [connection, left] of [
    [1, 60],
    [2, 20],
    [3, 0],
  ] as const) {
    const budget = ledger.budgetOf(connection, at('198.51.100.1'), 0);
    budget.take(40, 0);
    expect(budget.left(0)).toBe(left);
    ledger.closed(connection, 0);
  }
  expect(ledger.budgetOf(4, at('198.51.100.1'), hour / 2).left(hour / 2)).toBe(50);
  expect(ledger.budgetOf(5, at('198.51.100.2'), 0).left(0)).toBe(100);
});

test('those of one address who are there at once have each their own; of those gone the poorest is taken over first', () => {
  const ledger = new IntroductionLedger(100);
  for (const [connection, used] of [10, 90, 50].entries()) {
    ledger.budgetOf(connection, at('198.51.100.1'), 0).take(used, 0);
  }
  for (const connection of [0, 1, 2]) ledger.closed(connection, 0);
  const left = [3, 4, 5, 6].map((connection) => ledger.budgetOf(connection, at('198.51.100.1'), 0).left(0));
  expect(left).toEqual([10, 50, 90, 100]);
  expect(ledger.budgetOf(3, at('198.51.100.1'), 0).left(0)).toBe(10);
});

test("all connections of a token's subject draw on one budget, wherever they come from", () => {
  const ledger = new IntroductionLedger(100);
  ledger.budgetOf(1, at('198.51.100.1', 'alice'), 0).take(40, 0);
  ledger.budgetOf(2, at('198.51.100.2', 'alice'), 0).take(40, 0);
  ledger.closed(1, 0);
  expect(ledger.budgetOf(3, at(undefined, 'alice'), 0).left(0)).toBe(20);
  expect(ledger.budgetOf(4, at('198.51.100.1', 'bob'), 0).left(0)).toBe(100);
});

test('where neither is known a connection stands for itself', () => {
  const ledger = new IntroductionLedger(100);
  ledger.budgetOf(1, at(undefined), 0).take(40, 0);
  ledger.closed(1, 0);
  expect(ledger.budgetOf(2, at(undefined), 0).left(0)).toBe(100);
});

test('no more is remembered than is of use', () => {
  const ledger = new IntroductionLedger(100);
  for (let address = 0; address < 12_000; address++) {
    ledger.budgetOf(address, at(`network ${address}`), 0).take(1, 0);
    ledger.closed(address, 0);
    ledger.budgetOf(address, at(undefined, `subject ${address}`), 0);
  }
  expect(ledger.size).toBe(20_000);
  const unused = new IntroductionLedger(100);
  unused.budgetOf(1, at('198.51.100.1'), 0).take(50, 0);
  unused.closed(1, hour);
  expect(unused.size).toBe(0);
});
