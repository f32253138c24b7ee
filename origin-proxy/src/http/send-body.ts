import type { ServerResponse } from 'node:http';

const PIECE_BYTES = 256 * 1024;

/**
 * Writes at the speed of the reader, and tells of bytes only once the connection has taken them,
 * so that what a client left behind is not counted as sent.
 */
export async function sendBody(
  response: ServerResponse,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  sent: (bytes: number) => void,
): Promise<void> {
  for await (const piece of body) {
    if (response.destroyed) return;
    await write(response, piece, sent);
  }
  response.end();
}

/** An object in memory, in pieces small enough to notice a reader that has gone. */
export function* pieces(body: Buffer): Iterable<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

function write(response: ServerResponse, piece: Uint8Array, sent: (bytes: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const gone = () => resolve();
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      if (!error) sent(piece.byteLength);
      resolve();
    });
  });
}
