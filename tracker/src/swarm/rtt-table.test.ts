import { expect, test } from 'vitest';
import { nowhere } from '../locality/place.ts';
import { RttTable } from './rtt-table.ts';

const at = (region: string, network = '') => ({ ...nowhere, region, network });

test('a pair has one estimate, whoever measures, which follows what is measured', () => {
  const rtts = new RttTable();
  rtts.note(at('DE', 'AS1'), at('NL', 'AS2'), 20);
  expect(rtts.expectedMs(at('NL', 'AS2'), at('DE', 'AS1'))).toBe(20);
  expect(rtts.expectedMs(at('NL', 'AS3'), at('DE', 'AS1'))).toBeUndefined();
  rtts.note(at('NL', 'AS2'), at('DE', 'AS1'), 30);
  expect(rtts.expectedMs(at('DE', 'AS1'), at('NL', 'AS2'))).toBe(22);
});

test('without networks regions are measured; without either nothing is', () => {
  const rtts = new RttTable();
  rtts.note(at('DE'), at('JP'), 250);
  rtts.note(at(''), at('JP'), 10);
  expect([rtts.expectedMs(at('JP'), at('DE')), rtts.expectedMs(at(''), at('JP')), rtts.size]).toEqual([
    250,
    undefined,
    1,
  ]);
});

test('one absurd measurement does little, and memory is bounded: what was measured longest ago goes', () => {
  const rtts = new RttTable(10);
  rtts.note(at('DE'), at('NL'), 20);
  rtts.note(at('DE'), at('NL'), 86_400_000);
  expect(rtts.expectedMs(at('DE'), at('NL'))).toBe(216);
  for (let other = 0; other < 50; other++) {
    rtts.note(at('DE'), at(`X${other}`), 100);
    if (other % 5 === 0) rtts.note(at('DE'), at('NL'), 20);
  }
  expect([rtts.size, rtts.expectedMs(at('DE'), at('X0')), rtts.expectedMs(at('DE'), at('X49'))]).toEqual([
    10,
    undefined,
    100,
  ]);
  expect(rtts.expectedMs(at('DE'), at('NL'))).toBeLessThan(100);
});
