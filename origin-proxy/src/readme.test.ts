import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edgeCommand } from './config.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the README has every flag with its default, and no other', () => {
  const rows = [...readme.matchAll(/^\| `(--[^`]+)` \| ([^|]+) \|/gm)].map(([, flags = '', fallback = '']) => [
    flags.replaceAll('\\', ''),
    fallback.trim(),
  ]);
  const expected = edgeCommand().options.map(({ flags, defaultValue, defaultValueDescription }) => [
    flags,
    String(defaultValueDescription ?? defaultValue ?? '–'),
  ]);
  expect(rows).toEqual(expected);
});
