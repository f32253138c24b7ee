import type WebTorrent from 'webtorrent/dist/webtorrent.min.js';

/** The client weighs more than the rest of Nearcast: it is loaded by those pages alone that share files. */
export async function loadWebTorrent(): Promise<typeof WebTorrent> {
  return (await import('webtorrent/dist/webtorrent.min.js')).default;
}
