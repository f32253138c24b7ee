/**
 * Sets what belongs to a key, and makes it the last that is forgotten.
 * @param map in the order of last use
 * @param atMost with more keys than these the longest unseen is forgotten
 */
export function keepLatest<T>(map: Map<string, T>, key: string, value: T, atMost: number): void {
  map.delete(key);
  map.set(key, value);
  const [longestUnseen] = map.keys();
  if (map.size > atMost && longestUnseen !== undefined) map.delete(longestUnseen);
}
