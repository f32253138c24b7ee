import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';

test('without flags: two viewers download 32 MiB at once, unshaped', () => {
  expect(parseConfig([])).toEqual({ scene: 'download', viewers: 2, size: 32, join: 0, rounds: 1 });
});

test('a line in Mbit/s, viewers after each other', () => {
  expect(parseConfig(['--line', '20', '--join', 'finish'])).toMatchObject({ line: 20e6, join: 'finish' });
  expect(parseConfig(['--join', '2.5'])).toMatchObject({ join: 2.5 });
});

describe('what cannot work is refused with one line', () => {
  test.each<[string[], RegExp]>([
    [['--join', 'soon'], /'soon' is invalid.*"finish"/],
    [['--join', ''], /'' is invalid/],
    [['--line', '0'], /'0' is invalid/],
    [['--scene', 'radio'], /'radio' is invalid.*download, playback/],
    [['--viewers', '0'], /'0' is invalid/],
  ])('%j', (argv, sentence) => {
    const told: string[] = [];
    expect(() => parseConfig(argv, (line) => told.push(line))).toThrow();
    expect(told.join('')).toMatch(sentence);
  });
});
