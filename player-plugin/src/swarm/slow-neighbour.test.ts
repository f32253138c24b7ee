import { expect, test } from 'vitest';
import { slowNeighbour } from './slow-neighbour.ts';

test.each([
  ['one far behind the others', [20, 25, 15, 30, 220], 220],
  ['the slowest of several', [20, 25, 15, 10, 30, 18, 140, 300], 300],
  ['nobody where all are slow', [200, 210, 190, 250, 240], undefined],
  ['nobody where the slowest is quick', [5, 6, 7, 8, 90], undefined],
  ['nobody of a few', [20, 25, 400], undefined],
  ['nobody while little is measured', [20, 0, 0, 0, 0, 400], undefined],
  ['nobody of nobody', [], undefined],
])('%s', (_, rtts, slowest) => {
  expect(slowNeighbour(rtts.map((baseRttMs) => ({ baseRttMs })))?.baseRttMs).toBe(slowest);
});
