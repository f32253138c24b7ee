import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

test('timers run at their time, and those for the same moment in the order in which they were set', async () => {
  const times = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.double({ min: 0, max: 30_000, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(times, { maxLength: 60 }), async (waits) => {
      const clock = new VirtualClock();
      const ran: { at: number; order: number }[] = [];
      waits.forEach((ms, order) => {
        clock.after(ms, () => ran.push({ at: clock.now(), order }));
      });
      await clock.advanceTo(30_000);
      const expected = waits.map((at, order) => ({ at, order })).sort((a, b) => a.at - b.at || a.order - b.order);
      expect(ran).toEqual(expected);
    }),
  );
});

test('timers that timers set run too, in the same millisecond and beyond the wheel', async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  clock.after(0.2, () => {
    clock.after(0.1, () => ran.push(clock.now()));
    clock.after(20_000, () => ran.push(clock.now()));
  });
  await clock.advanceTo(0.25);
  expect(ran).toEqual([]);
  await clock.advanceTo(25_000);
  expect(ran).toEqual([expect.closeTo(0.3), 20_000.2]);
});

test('what is cancelled does not run', async () => {
  const clock = new VirtualClock();
  let hasRun = false;
  const cancel = clock.after(5, () => {
    hasRun = true;
  });
  cancel();
  await clock.advanceTo(10);
  expect(hasRun).toBe(false);
  expect(clock.now()).toBe(10);
});
