import { expect, test } from 'vitest';
import { AddressBudget } from './address-budget.ts';

const clock = { now: () => 0, after: () => () => undefined };
const exhaust = (budget: AddressBudget, address: Buffer) => {
  let taken = 0;
  while (budget.take(address)) taken += 1;
  return taken;
};

test('addresses do not share a budget, but those of one IPv6 network do', () => {
  const budget = new AddressBudget(clock);
  const network = Buffer.from('20010db800000001', 'hex');
  expect(exhaust(budget, Buffer.concat([network, Buffer.alloc(8, 1)]))).toBe(1000);
  expect(budget.take(Buffer.concat([network, Buffer.alloc(8, 2)]))).toBe(false);
  expect(budget.take(Buffer.from([192, 0, 2, 1]))).toBe(true);
});

test('any number of forged addresses takes bounded memory, and those in use stay known', () => {
  const budget = new AddressBudget(clock);
  const busy = Buffer.from([192, 0, 2, 1]);
  exhaust(budget, busy);
  for (let forged = 0; forged < 30_000; forged++) {
    const address = Buffer.alloc(4);
    address.writeUInt32BE(forged);
    budget.take(address);
    if (forged % 5000 === 0) expect(budget.take(busy)).toBe(false);
  }
  expect(budget.size).toBe(10_000);
});
