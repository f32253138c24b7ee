import type { PlaybackReport } from '@nearcast/protocol';
import { forgetOldest } from '../keep-latest.ts';

/** Of so many neighbours it is kept how much came from each: a viewer has a dozen at a time. */
const MAX_NEIGHBOURS = 64;

export interface ViewerAccount {
  peerBytes: number;
  edgeBytes: number;
  uploadedBytes: number;
  /** Received from each neighbour, by its name. */
  readonly received: Map<string, number>;
}

/** What viewers told since they joined, and all of them since the last sample. */
export class Accounts {
  readonly #byViewer = new Map<string, ViewerAccount>();
  #fresh = { peerBytes: 0, edgeBytes: 0 };
  rejectedChunks = 0;
  lastReportAt: number | undefined;

  /** @param report what the clamp let through */
  add(viewer: string, report: PlaybackReport, now: number): void {
    const account = this.#byViewer.get(viewer) ?? newAccount();
    this.#byViewer.set(viewer, account);
    account.peerBytes += report.peerBytes;
    account.edgeBytes += report.edgeBytes;
    account.uploadedBytes += report.uploadedBytes;
    for (const { peer, receivedBytes } of report.links) {
      if (receivedBytes > 0) account.received.set(peer, (account.received.get(peer) ?? 0) + receivedBytes);
    }
    forgetOldest(account.received, MAX_NEIGHBOURS);
    this.#fresh.peerBytes += report.peerBytes;
    this.#fresh.edgeBytes += report.edgeBytes;
    this.rejectedChunks += report.rejectedChunks;
    this.lastReportAt = now;
  }

  of(viewer: string): ViewerAccount {
    return this.#byViewer.get(viewer) ?? newAccount();
  }

  /** All bytes since this was last asked. */
  takeFresh(): { readonly peerBytes: number; readonly edgeBytes: number } {
    const fresh = this.#fresh;
    this.#fresh = { peerBytes: 0, edgeBytes: 0 };
    return fresh;
  }

  /** Forgets who is gone. */
  keepOnly(isHere: (viewer: string) => boolean): void {
    for (const viewer of this.#byViewer.keys()) if (!isHere(viewer)) this.#byViewer.delete(viewer);
  }
}

function newAccount(): ViewerAccount {
  return { peerBytes: 0, edgeBytes: 0, uploadedBytes: 0, received: new Map() };
}
