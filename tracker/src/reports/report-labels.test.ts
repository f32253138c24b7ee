import { describe, expect, test } from 'vitest';
import { labelsFor, parseContentLabels, parseRegionLabels } from './report-labels.ts';

describe('a swarm is counted under the first label whose pattern fits', () => {
  const labels = labelsFor(
    parseContentLabels([
      'https://tv/news/*=news',
      '*/sports/*/live.m3u8=sports',
      'https://tv/one.m3u8=one',
      'https://tv/*=rest',
      'https://old/a*a=ends',
    ]),
    ['de', 'lan-berlin'],
  );

  test.each([
    ['https://tv/news/master.m3u8', 'news'],
    ['https://tv/sports/cup/live.m3u8', 'sports'],
    ['https://tv/sports/live.m3u8', 'rest'],
    ['https://tv/one.m3u8', 'one'],
    ['https://tv/one.m3u8x', 'rest'],
    ['https://old/a', 'other'],
    ['https://old/aa', 'ends'],
    ['something else', 'other'],
  ])('%s: %s', (swarm, content) => {
    expect(labels(swarm, '').content).toBe(content);
  });

  test.each([
    ['de', 'de'],
    ['lan-berlin', 'lan-berlin'],
    ['fr', 'other'],
    ['', 'other'],
  ])('region "%s": %s', (region, counted) => {
    expect(labels('x', region).region).toBe(counted);
  });
});

test.each([['=news'], ['news'], ['https://tv/*='], ['a=two words']])('%s is no label', (item) => {
  expect(() => parseContentLabels([item])).toThrow(/pattern=label/);
});

test('a pattern may have a "="', () => {
  expect(parseContentLabels(['https://tv/?id=7*=seven'])).toEqual([{ pattern: 'https://tv/?id=7*', label: 'seven' }]);
});

test('labels are bounded', () => {
  const many = Array.from({ length: 33 }, (_, index) => `r${index}`);
  expect(() => parseRegionLabels(many)).toThrow(/32/);
  expect(() => parseContentLabels(many.map((label) => `*=${label}`))).toThrow(/32/);
  expect(() => parseRegionLabels(['the moon'])).toThrow(/no region/);
});

test('a hostile swarm id costs no time to speak of', () => {
  const labels = labelsFor([{ pattern: '*a*a*a*a*a*a*a*a*b', label: 'x' }], []);
  expect(labels('a'.repeat(2048), '').content).toBe('other');
});
