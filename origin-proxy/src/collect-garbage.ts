import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What connections have brought by then is garbage of some 250 buffers. */
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024;

type Collect = (options: { readonly type: 'minor' }) => void;

/**
 * Pieces that come from origins lie in 64 KiB buffers outside of V8's heap, which V8 lets pile up; collecting its young
 * generation costs less than a millisecond and frees them (decision 0010).
 * @returns to be told of what has come
 */
export function collectorOfPieces(): (bytes: number) => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  let pending = 0;
  return (bytes) => {
    pending += bytes;
    if (pending < COLLECT_EVERY_BYTES) return;
    pending = 0;
    collect({ type: 'minor' });
  };
}
