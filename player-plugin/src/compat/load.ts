import type * as Compat from './p2p-media-loader.ts';

/** The other engine is loaded only by those who ask for it: it weighs more than everything else together. */
export function loadCompat(): Promise<typeof Compat> {
  return import('./p2p-media-loader.ts');
}
