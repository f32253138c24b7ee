import { expect, test } from 'vitest';
import { selectAll, selectHead } from './piece-selection.ts';

type Torrent = Parameters<typeof selectAll>[0];

function torrentOf(pieces: number) {
  const selected: [number, number, number][] = [];
  const torrent = {
    pieces: Array.from({ length: pieces }),
    pieceLength: 10,
    _select: (from: number, to: number, priority: number) => selected.push([from, to, priority]),
  } as unknown as Torrent;
  return { torrent, selected };
}

test.each([
  [0, [[0, 9, 1]]],
  [
    0.55,
    [
      [5, 9, 1],
      [0, 4, 0],
    ],
  ],
  [
    0.999,
    [
      [9, 9, 1],
      [0, 8, 0],
    ],
  ],
])('a download begins at a piece of chance (%d), and every piece is selected once', (chance, expected) => {
  const { torrent, selected } = torrentOf(10);
  selectAll(torrent, () => chance);
  expect(selected).toEqual(expected);
});

test.each([
  ['none', undefined, []],
  ['less than a piece', { length: 9, size: 95 }, []],
  ['some pieces and a part of one', { length: 25, size: 95 }, [[0, 1, 0]]],
  ['all of it, with its shorter last piece', { length: 95, size: 95 }, [[0, 9, 0]]],
])('of a head that is there (%s) the whole pieces are selected', (_, head, expected) => {
  const { torrent, selected } = torrentOf(10);
  selectHead(torrent, head as never);
  expect(selected).toEqual(expected);
});
