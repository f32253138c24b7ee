import type { Torrent, Wire } from 'webtorrent/dist/webtorrent.min.js';
import { EdgeReader } from './edge-reader.ts';
import type { FileHead } from './file-head.ts';

/** The client asks a source for what it will send within a second. Of the edge that is more than can be taken back soon. */
const ASKED_SECONDS = 0.5;
/** bytes/s that the edge is trusted with before anything has come. */
const EDGE_SPEED_AT_FIRST = 1024 * 1024;

/**
 * Has the web seed read in one response what lies side by side, where the client itself would make a request for each piece.
 *
 * @param asksEdge whether the edge is wanted now
 */
export function readFromEdge(torrent: Torrent, wire: Wire, head: FileHead | undefined, asksEdge: () => boolean): void {
  for (const [url, { wire: own, conn }] of torrent._peers) {
    if (own !== wire || !conn?.httpRequest) continue;
    const reader = new EdgeReader(url, head);
    conn.httpRequest = (piece, offset, length, done) => {
      reader.read(piece * torrent.pieceLength + offset, length).then((bytes) => done(null, bytes), done);
    };
    wire.once('close', () => reader.close());
  }
  const measured = wire.downloadSpeed;
  // Of a source that rests there is no speed to compare with: the client leaves pieces to whoever is faster.
  wire.downloadSpeed = (bytes) => {
    const speed = measured(bytes);
    return asksEdge() ? ASKED_SECONDS * Math.max(speed, EDGE_SPEED_AT_FIRST) : 0;
  };
}

/**
 * As if the web seed itself said so. When it hears that it may, the client looks for what to ask it, and takes pieces from peers
 * that have become slow: without requests under way it hears nothing, and is told again, or it would wait for such a peer for ever.
 */
export function hold(wire: Wire, isHeld: boolean): void {
  const isNews = wire.peerChoking !== isHeld;
  wire.peerChoking = isHeld;
  if (!isHeld && (isNews || wire.requests.length === 0)) wire.emit('unchoke');
}
