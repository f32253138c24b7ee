import { expect, test } from 'vitest';
import { randomIds } from './viewer-ids.ts';

test('no name is given twice, and each is of 72 bits', () => {
  const newId = randomIds();
  const ids = new Set(Array.from({ length: 1000 }, newId));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{12}$/);
});
