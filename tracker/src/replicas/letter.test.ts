import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frame } from './frames.ts';
import { parseLetter, writeLetter } from './letter.ts';

/** As names are made: base64url. */
const name = fc.base64String({ minLength: 4, maxLength: 16 }).map((text) => text.replace(/[+/=]/g, '-'));
/** A message to a viewer is JSON. */
const text = fc.object().map((message) => JSON.stringify(message));

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ is: fc.constant('signal' as const), viewer: name, from: name, text }),
  fc.record({ is: fc.constant('tell' as const), viewer: name, text }),
  fc.record({
    is: fc.constant('introduce' as const),
    viewer: name,
    peer: name,
    at: name,
    urgency: fc.constantFrom('now' as const, 'soon' as const),
    text,
  }),
  fc.record({ is: fc.constant('joined' as const), viewer: name, viewers: fc.nat() }),
  fc.record({
    is: fc.constant('command' as const),
    viewer: name,
    command: fc.record({
      is: fc.constant('unlink' as const),
      peer: fc.string(),
      because: fc.constant('failed' as const),
    }),
  }),
);

test('a letter is read as it was written', () => {
  fc.assert(
    fc.property(name, fc.array(frame, { minLength: 1 }), (from, frames) => {
      const letter = parseLetter(writeLetter({ from, frames }));
      expect(JSON.stringify(letter)).toBe(JSON.stringify({ from, frames }));
    }),
  );
});

test.each(['', 'ann', 'ann\n{', 'ann\n'])('%j is none', (given) => {
  expect(parseLetter(given)).toBeUndefined();
});
