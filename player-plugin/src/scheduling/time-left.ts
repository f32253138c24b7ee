import type { EdgeView, PlanConfig, SegmentView } from './plan-view.ts';

/** The edge is reckoned a little slower than it was measured. */
export const EDGE_CAUTION = 1.1;
/** From when a repair is due to when it has been planned, ms. */
export const PLANNING_MS = 10;

/** Peers must have delivered before the edge is asked, ms: what comes after that comes twice. */
export function peersWithinMs(leftMs: number, bytes: number, edge: EdgeView, config: PlanConfig): number {
  const repairMs = edge.rttMs + (bytes * EDGE_CAUTION) / edge.bytesPerMs + PLANNING_MS;
  return leftMs - config.repairMarginMs - repairMs;
}

export function sizeOf({ chunks, chunkBytes, lastChunkBytes }: SegmentView, chunk: number): number {
  return chunk === chunks - 1 ? lastChunkBytes : chunkBytes;
}
