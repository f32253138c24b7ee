import type { Viewer } from '../swarm/viewer-swarms.ts';
import type { DrawnLink, SwarmDrawing } from './console-view.ts';

/** What a viewer told since it joined. */
export interface ViewerAccount {
  readonly totals: { readonly peerBytes: number; readonly edgeBytes: number; readonly uploadedBytes: number };
  receivedFrom(peer: string): number;
}

/** Undefined where it has not told anything here. */
export type AccountOf = (viewer: string) => ViewerAccount | undefined;

const nothing: ViewerAccount['totals'] = { peerBytes: 0, edgeBytes: 0, uploadedBytes: 0 };

/** More circles than this cannot be told apart on a screen. */
const MAX_DRAWN = 60;

export function drawSwarm(id: string, viewers: readonly Viewer[], accountOf: AccountOf): SwarmDrawing {
  const drawn = viewers.slice(0, MAX_DRAWN);
  const isDrawn = new Set(drawn);
  return {
    id,
    undrawn: viewers.length - drawn.length,
    viewers: drawn.map((viewer) => {
      const { peerBytes, edgeBytes, uploadedBytes } = accountOf(viewer.id)?.totals ?? nothing;
      const duty = viewer.ring?.widthOf(viewer) ?? 0;
      return { id: viewer.id, region: viewer.region, peerBytes, edgeBytes, uploadedBytes, duty };
    }),
    links: drawn.flatMap((viewer) => linksOf(viewer, isDrawn, accountOf)),
  };
}

/** Each pair once. */
function linksOf(viewer: Viewer, isDrawn: ReadonlySet<Viewer>, accountOf: AccountOf): DrawnLink[] {
  return [...viewer.links]
    .filter((other) => viewer.id < other.id && isDrawn.has(other))
    .map((other) => {
      const received = accountOf(viewer.id)?.receivedFrom(other.id) ?? 0;
      const sent = accountOf(other.id)?.receivedFrom(viewer.id) ?? 0;
      return { a: viewer.id, b: other.id, bytes: received + sent };
    });
}
