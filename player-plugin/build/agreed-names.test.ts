import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { agreedNames, renameProperties } from './agreed-names.ts';
import { pluginNames, propertyNames } from './internal-names.ts';
import { shortNames } from './short-names.ts';

const renamed = (source: string) => renameProperties(source, new Map([['kind', 'k']])).toString();

test.each([
  ['all = { kind: 1 }.kind', 'all = { k: 1 }.k'],
  ['one?.kind.kind', 'one?.k.k'],
  ['all = { kind }', 'all = { k: kind }'],
  ['const { kind } = one', 'const { k: kind } = one'],
  ['const { kind = 1, kind: other, ...kinds } = one', 'const { k: kind = 1, k: other, ...kinds } = one'],
  ['all = ({ kind }: Kind) => kind', 'all = ({ k: kind }: Kind) => kind'],
  ['class Kind { kind = 1; #kind = kind }', 'class Kind { k = 1; #kind = kind }'],
  ['class Kind { get kind() { return this.kind } }', 'class Kind { get k() { return this.k } }'],
  ['all = { kind() { return kind } }', 'all = { k() { return kind } }'],
  ['const [kind, ...kinds] = kind(`kind`)', 'const [kind, ...kinds] = kind(`kind`)'],
])('the properties of %s have another name, and nothing else', (source, result) => {
  expect(renamed(source)).toBe(result);
});

test('in p2p-media-loader.js as in the plugin, an agreed name is nobody else’s, and no two of one object are the same', () => {
  const file = fileURLToPath(new URL('../src/compat/p2p-media-loader.ts', import.meta.url));
  const { boundaries, ...config } = pluginNames();
  const both = {
    ...config,
    entries: [...config.entries, file],
    apart: /^$/,
    boundaries: boundaries.filter((one) => !one.isAgreed),
  };
  const short = shortNames(propertyNames(both));
  for (const [name, given] of agreedNames) expect(short.get(name)).toBe(given);
});
