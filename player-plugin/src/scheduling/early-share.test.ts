import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_EARLY_SHARE, nextEarlyShare } from './early-share.ts';

/** After so many segments of which the edge must give `needed` in all. */
function after(segments: number, needed: number, share: number = FIRST_EARLY_SHARE): number {
  for (let count = 0; count < segments; count++)
    share = nextEarlyShare(share, Math.max(0, needed - Math.max(0, share)));
  return share;
}

describe('how much of a segment is asked of the edge at once', () => {
  test.each([
    {
      what: 'nothing in the first segments, whatever is repaired',
      segments: 2,
      needed: 0.4,
      least: FIRST_EARLY_SHARE,
      most: 0,
    },
    { what: 'a third of what the edge must give', segments: 30, needed: 0.3, least: 0.09, most: 0.11 },
    { what: 'nothing for what is repaired by chance', segments: 30, needed: 0.1, least: -1, most: 0 },
  ])('$what', ({ segments, needed, least, most }) => {
    expect(after(segments, needed)).toBeGreaterThanOrEqual(least);
    expect(after(segments, needed)).toBeLessThanOrEqual(most);
  });

  test('it ends when uplinks suffice again', () => {
    expect(after(4, 0, after(30, 0.3))).toBeLessThan(0);
  });

  test('something is always left to be repaired: that is how it knows', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.11, max: 1, noNaN: true }), (needed) => after(100, needed) < 0.5 * needed),
    );
  });
});
