import type Hls from 'hls.js';
import type { HlsListeners } from 'hls.js';

/**
 * Listens to these events of hls.js, by their names: the enumeration would be a part of hls.js itself in our bundle.
 * @returns a function that stops listening
 */
export function listen(hls: Hls, listeners: Partial<HlsListeners>): () => void {
  const entries = Object.entries(listeners) as [keyof HlsListeners, () => void][];
  for (const [name, listener] of entries) hls.on(name, listener);
  return () => {
    for (const [name, listener] of entries) hls.off(name, listener);
  };
}
