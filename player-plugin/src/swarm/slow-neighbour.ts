/** With so few neighbours each is worth keeping. */
const MIN_NEIGHBOURS = 5;
/** What is quicker than that is quick enough, ms. */
const FINE_MS = 100;
/** So many times the median: an exception among its like. */
const TIMES_MEDIAN = 3;

/**
 * Which of the neighbours that should be near is not: a tunnel, a satellite, or a database that is wrong. The round trip is
 * the shortest ever seen, so that a full line is not taken for a long one.
 */
export function slowNeighbour<T extends { readonly baseRttMs: number }>(neighbours: readonly T[]): T | undefined {
  const measured = neighbours.filter(({ baseRttMs }) => baseRttMs > 0).sort((a, b) => a.baseRttMs - b.baseRttMs);
  const [median, slowest] = [measured[Math.floor(measured.length / 2)], measured.at(-1)];
  if (!median || !slowest || measured.length < MIN_NEIGHBOURS) return undefined;
  return slowest.baseRttMs > Math.max(FINE_MS, TIMES_MEDIAN * median.baseRttMs) ? slowest : undefined;
}
