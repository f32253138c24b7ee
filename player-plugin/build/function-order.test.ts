import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inBestOrder } from './function-order.ts';

/** Text that compresses badly, and differs by seed. */
function noise(seed: number, length: number): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = (state * 16807) % 2147483647;
    return String.fromCharCode(97 + (state % 26));
  }).join('');
}

/** Two functions that say the same, farther from each other than gzip looks back. */
const statements = [
  `let order=['first']`,
  `function one(){return'${noise(1, 9_000)}'}`,
  `order.push(two().length)`,
  `let far='${noise(2, 40_000)}'`,
  `function two(){return'${noise(1, 9_000)}'}`,
  `order.push(one().length,far.length)`,
];

test.each([
  ['a module', statements.join(';').replaceAll('};', '}')],
  ['a script', `var all=function(){${statements.join(';').replaceAll('};', '}')};return order}()`],
])('%s is smaller, and does the same', (_what, code) => {
  const ordered = inBestOrder(code).toString();
  const bytes = (text: string) => gzipSync(text, { level: 9 }).length;
  expect(bytes(ordered)).toBeLessThan(bytes(code) - 4_000);
  const result = /^var all/.test(code) ? 'all' : 'order';
  const run = (text: string): unknown => new Function(`${text};return ${result}`)();
  expect(run(ordered)).toEqual(run(code));
  expect(run(code)).toEqual(['first', 9_000, 9_000, 40_000]);
});

test('what stands around it stays, and each place is known', () => {
  const code = 'var all=function(){function a(){}let b=1;return b}();';
  const ordered = inBestOrder(code);
  expect(ordered.toString()).toBe(code);
  expect(ordered.generateMap().sources).toEqual(['bundle.js']);
});
