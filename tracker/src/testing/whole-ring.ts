import { expect } from 'vitest';
import type { TestViewer } from './test-viewer.ts';

/** What the viewers were told last is one ring: no gap, no overlap. */
export function expectWholeRing(viewers: readonly TestViewer[]): void {
  const arcs = viewers.map((viewer) => viewer.all('duty').at(-1)?.arc ?? expect.fail('a viewer without duty'));
  arcs.sort((a, b) => a.start - b.start);
  expect(arcs.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(1, 9);
  arcs.slice(1).forEach(({ start }, index) => {
    const before = arcs[index] ?? expect.fail();
    expect(start).toBeCloseTo(before.start + before.width, 9);
  });
}
