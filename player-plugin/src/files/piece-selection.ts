import type { Torrent } from 'webtorrent/dist/webtorrent.min.js';
import type { Random } from '../random.ts';
import type { FileHead } from './file-head.ts';

/**
 * In the order of the file from a piece of chance on, and then from the beginning: viewers that come at the same time
 * get different parts from the edge to give to each other, and each gets them in long responses.
 */
export function selectAll(torrent: Torrent, random: Random): void {
  const last = torrent.pieces.length - 1;
  const first = Math.floor(random() * (last + 1));
  torrent._select(first, last, 1, undefined, true);
  if (first > 0) torrent._select(0, first - 1, 0, undefined, true);
}

/** What the page has already, so that it is verified and given to others. */
export function selectHead(torrent: Torrent, head: FileHead | undefined): void {
  if (!head) return;
  const { pieceLength, pieces } = torrent;
  const count = head.length === head.size ? pieces.length : Math.floor(head.length / pieceLength);
  if (count > 0) torrent._select(0, count - 1, 0, undefined, true);
}
