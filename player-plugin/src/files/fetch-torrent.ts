import type { Clock } from '../clock.ts';

/** A torrent is a few kilobytes; what is larger is something else. */
const MAX_TORRENT_BYTES = 16 * 1024 * 1024;

/**
 * @param patienceMs how long to ask again while the edge is still hashing (503 with `Retry-After`)
 * @throws {Error} with one sentence
 */
export async function fetchTorrent(url: string, patienceMs: number, clock: Clock): Promise<Uint8Array> {
  const until = clock.now() + patienceMs;
  for (;;) {
    const response = await fetch(url);
    if (response.ok) return checked(new Uint8Array(await response.arrayBuffer()));
    const why = (await response.text()).split('\n', 1)[0]?.slice(0, 200) ?? '';
    const retryMs = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000;
    if (response.status !== 503 || !(clock.now() + retryMs <= until)) {
      throw new Error(`no torrent: ${response.status} ${why}`);
    }
    await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
  }
}

function checked(bytes: Uint8Array): Uint8Array {
  // BEP 3: a dictionary. A page for humans, sent with status 200, begins otherwise.
  if (bytes[0] !== 0x64 || bytes.byteLength > MAX_TORRENT_BYTES) throw new Error('no torrent: what came is none');
  return bytes;
}
