import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { TalliedCounter } from './tallied-counter.ts';

test('what was counted is there whenever it is read, by its labels', async () => {
  const registry = new Registry();
  const config = { name: 'messages_total', help: 'Messages.', registers: [registry] };
  const counter = new TalliedCounter<'dialect' | 'outcome'>({ ...config, labelNames: ['dialect', 'outcome'] });
  expect(await registry.metrics()).not.toContain('messages_total{');
  counter.inc({ dialect: 'a', outcome: 'fine' });
  counter.inc({ dialect: 'a', outcome: 'fine' }, 2);
  counter.inc({ dialect: 'b', outcome: 'fine' });
  for (const _reading of [1, 2]) {
    const text = await registry.metrics();
    expect(text).toContain('messages_total{dialect="a",outcome="fine"} 3\n');
    expect(text).toContain('messages_total{dialect="b",outcome="fine"} 1\n');
  }
  const tally = counter.tallyOf({ dialect: 'b', outcome: 'fine' });
  counter.inc({ dialect: 'b', outcome: 'fine' });
  // It was not told to prom-client yet.
  expect(tally.count).toBe(1);
  tally.count += 1;
  expect(await registry.metrics()).toContain('messages_total{dialect="b",outcome="fine"} 3\n');
});

test('without labels it begins at 0', async () => {
  const registry = new Registry();
  const counter = new TalliedCounter({ name: 'chunks_total', help: 'Chunks.', registers: [registry] });
  expect(await registry.metrics()).toContain('chunks_total 0\n');
  counter.inc(3);
  counter.inc();
  expect(await registry.metrics()).toContain('chunks_total 4\n');
});
