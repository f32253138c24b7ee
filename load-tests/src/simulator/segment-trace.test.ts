import { expect, test } from 'vitest';
import { World } from './world.ts';

test('a segment is followed from the edge to the last viewer, and every byte of it has a reason', async () => {
  const config = { viewers: 6, seconds: 30, warmUpSeconds: 10, uplink: () => 3_000_000, traceAtSeconds: 16 };
  const { trace = [] } = await new World(config).run();
  expect(trace.length).toBe(40);
  for (const [index, step] of trace.entries()) {
    const before = trace[index - 1];
    if (before) expect(step.held).toBeGreaterThanOrEqual(before.held);
    expect(step.whole).toBeLessThanOrEqual(step.begun);
    expect(step.mediaShare + step.controlShare).toBeLessThanOrEqual(1.2);
  }
  const last = trace.at(-1);
  expect(last).toMatchObject({ begun: 1, whole: 1, held: 1 });
  // Six viewers, one copy from the edge.
  expect(last?.edgeCopies.duty).toBeGreaterThan(0.9);
  expect(last?.edgeCopies.duty).toBeLessThan(1.6);
});
