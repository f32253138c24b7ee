import type * as Compat from './p2p-media-loader.ts';

/** Known only while the script runs for the first time. */
const scriptUrl = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : location.href;

/** In place of `load.ts` in the script-tag bundle, which is one file: the other engine lies beside it. */
export function loadCompat(): Promise<typeof Compat> {
  return import(/* @vite-ignore */ new URL('p2p-media-loader.js', scriptUrl).href);
}
