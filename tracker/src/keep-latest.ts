/**
 * Sets what belongs to a key, and makes it the last that is forgotten.
 * @param map in the order of last use
 * @param atMost with more keys than these the longest unseen is forgotten
 */
export function keepLatest<T>(map: Map<string, T>, key: string, value: T, atMost: number): void {
  map.delete(key);
  map.set(key, value);
  forgetOldest(map, atMost);
}

/** Leaves the last `atMost` of a map, in its own order. */
export function forgetOldest(map: Map<string, unknown>, atMost: number): void {
  for (const key of map.keys()) {
    if (map.size <= atMost) return;
    map.delete(key);
  }
}
