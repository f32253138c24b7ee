import type { Viewer } from '../swarm/viewer-swarms.ts';
import type { Accounts } from './accounts.ts';
import type { DrawnLink, SwarmDrawing } from './console-view.ts';

/** More circles than this cannot be told apart on a screen. */
const MAX_DRAWN = 60;

export function drawSwarm(id: string, viewers: readonly Viewer[], accounts: Accounts): SwarmDrawing {
  const drawn = viewers.slice(0, MAX_DRAWN);
  const isDrawn = new Set(drawn);
  return {
    id,
    undrawn: viewers.length - drawn.length,
    viewers: drawn.map((viewer) => {
      const { peerBytes, edgeBytes, uploadedBytes } = accounts.of(viewer.id);
      const duty = viewer.ring?.widthOf(viewer) ?? 0;
      return { id: viewer.id, region: viewer.region, peerBytes, edgeBytes, uploadedBytes, duty };
    }),
    links: drawn.flatMap((viewer) => linksOf(viewer, isDrawn, accounts)),
  };
}

/** Each pair once. */
function linksOf(viewer: Viewer, isDrawn: ReadonlySet<Viewer>, accounts: Accounts): DrawnLink[] {
  return [...viewer.links]
    .filter((other) => viewer.id < other.id && isDrawn.has(other))
    .map((other) => {
      const received = accounts.of(viewer.id).received.get(other.id) ?? 0;
      const sent = accounts.of(other.id).received.get(viewer.id) ?? 0;
      return { a: viewer.id, b: other.id, bytes: received + sent };
    });
}
