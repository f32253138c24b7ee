import { chunkRange, type Manifest } from '@nearcast/protocol';
import type { SegmentCache } from '../cache/segment-cache.ts';
import type { Clock } from '../clock.ts';
import { type Action, ASKED_EDGE, ASKED_PEER, HELD } from '../scheduling/plan-view.ts';
import type { EdgeReason, EngineObserver } from '../segment-engine.ts';
import type { PeerSession } from '../swarm/peer-session.ts';
import type { EdgeFetches } from './edge-fetches.ts';
import type { Intake } from './intake.ts';
import type { ManifestCheck } from './manifests.ts';
import type { SegmentTask } from './segment-task.ts';

export interface PerformerDeps {
  readonly clock: Clock;
  readonly cache: SegmentCache;
  readonly edge: EdgeFetches;
  readonly intake: Intake;
  readonly manifests: ManifestCheck;
  readonly observer: EngineObserver;
  /** A neighbour by its name, while it is connected. */
  readonly session: (peer: string) => PeerSession | undefined;
  /** All connected neighbours, to tell them what is being fetched. */
  readonly sessions: () => readonly PeerSession[];
  /** Something has changed that plans depend on. */
  readonly changed: () => void;
  /** The whole body came in one ordinary request: whoever waits can have it at once. */
  readonly cameWhole: (task: SegmentTask, bytes: Uint8Array) => void;
  /** This segment cannot be had here: whoever waits must ask in another way. */
  readonly failed: (task: SegmentTask, because: 'no-manifest' | 'object-changed' | 'edge') => void;
}

/** A peer that does not send its manifest by then is asked no more; another may. */
const MANIFEST_WITHIN_MS = 700;
/** A fetch from the edge that takes longer is announced, so that no backup begins it too, ms. */
const TELL_OF_FETCH_AFTER_MS = 400;
/** An edge whose bytes do not match so often has another object under this URL. */
const MISMATCHES_TO_GIVE_UP = 2;

/** Does what a plan says, and takes in what comes of it. */
export class Performer {
  readonly #deps: PerformerDeps;

  constructor(deps: PerformerDeps) {
    this.#deps = deps;
  }

  perform(action: Action, task: SegmentTask): void {
    switch (action.do) {
      case 'ask-peer':
        this.#askPeer(task, action.chunk, action.peer.id, action.withinMs);
        break;
      case 'fetch':
        this.#fetch(task, action.first, action.end, action.because);
        break;
      case 'fetch-whole':
        this.fetchWhole(task, action.because);
        break;
      case 'fetch-manifest':
        this.fetchManifest(task);
        break;
      case 'ask-manifest':
        this.#askManifest(task, action.peer.id);
        break;
    }
  }

  /** Nobody wants the segment any more: what is under way for it ends. */
  abandon(task: SegmentTask): void {
    for (const cancel of task.cancels) cancel();
    task.cancels.clear();
    for (let chunk = 0; chunk < task.chunks; chunk++) this.cancelAtPeers(task, chunk);
  }

  /** The chunk is here, or not wanted any more: nobody needs to send it. */
  cancelAtPeers(task: SegmentTask, chunk: number): void {
    for (const session of this.#deps.sessions()) {
      if (session.cancel(task.key, chunk)) task.transfers.end(this.#deps.clock.now());
    }
  }

  /** A chunk from a peer: kept if it is true, and the peer left if it is not. */
  arrived(task: SegmentTask, session: PeerSession, chunk: number, bytes: Uint8Array): void {
    const { clock, observer, intake, changed } = this.#deps;
    task.transfers.end(clock.now());
    const isNew = !task.is(chunk, HELD);
    intake.chunk(task, chunk, bytes, (isTrue) => {
      // Not before: while it is being verified nobody should ask for it again.
      task.unmark(chunk, ASKED_PEER);
      if (isTrue && isNew) {
        task.peerBytes += bytes.length;
        observer.receivedFromPeers(bytes.length, task.key);
      } else if (!isTrue) {
        observer.discarded(bytes.length);
        observer.peerRejected(session.id, 'wrong-bytes');
        session.reject();
      }
      changed();
    });
  }

  /** A chunk that was asked of a peer will not come from it. */
  notComing(task: SegmentTask, chunk: number): void {
    task.transfers.end(this.#deps.clock.now());
    task.unmark(chunk, ASKED_PEER);
    this.#deps.changed();
  }

  manifestCame(task: SegmentTask, encoded: Uint8Array, from: PeerSession): void {
    if (task.manifest === 'here') return;
    this.#deps.manifests.check(task.key, encoded, (manifest) => {
      if (manifest) {
        this.#useManifest(task, manifest, encoded);
      } else {
        this.#deps.observer.peerRejected(from.id, 'wrong-manifest');
        from.reject();
        if (task.manifest === 'asked') task.manifest = 'missing';
      }
      this.#deps.changed();
    });
  }

  fetchManifest(task: SegmentTask): void {
    if (!task.place || task.manifest === 'here') return;
    task.manifest = 'asked';
    const cancel = this.#deps.edge.manifest(task.place, (encoded) => {
      task.cancels.delete(cancel);
      if (encoded)
        this.#deps.manifests.check(task.key, encoded, (manifest) => this.#fetchedManifest(task, manifest, encoded));
      else this.#fetchedManifest(task, undefined, undefined);
    });
    task.cancels.add(cancel);
  }

  /** A body that is here already, from whoever loaded it. */
  adopt(task: SegmentTask, body: Uint8Array): void {
    task.isComingWhole = true;
    task.wholeBody = body;
    this.#admitWhole(task);
    this.fetchManifest(task);
  }

  /** In one ordinary request, as hls.js would: with nobody to share with, or with no time left for anything else. */
  fetchWhole(task: SegmentTask, because: EdgeReason): void {
    const { clock, edge, observer, cameWhole, failed, changed } = this.#deps;
    if (!task.place || task.isComingWhole) return;
    task.isComingWhole = true;
    task.transfers.begin(clock.now());
    if (task.manifest === 'missing') this.fetchManifest(task);
    const expected = task.manifestBody?.size ?? 0;
    const cancel = edge.segment(task.place, undefined, expected, (bytes) => {
      task.cancels.delete(cancel);
      task.transfers.end(clock.now());
      if (!bytes) {
        task.edgeFailed = true;
        failed(task, 'edge');
        return;
      }
      observer.receivedFromEdge(bytes.length, because, task.key);
      task.edgeBytes += bytes.length;
      task.wholeBody = bytes;
      cameWhole(task, bytes);
      this.#admitWhole(task);
      changed();
    });
    task.cancels.add(cancel);
  }

  #askPeer(task: SegmentTask, chunk: number, peer: string, withinMs: number): void {
    const session = this.#deps.session(peer);
    if (!session?.isOpen) return;
    task.mark(chunk, ASKED_PEER);
    task.transfers.begin(this.#deps.clock.now());
    session.ask(task.key, chunk, task.sizeOf(chunk), withinMs);
  }

  #askManifest(task: SegmentTask, peer: string): void {
    this.#deps.session(peer)?.say({ type: 'want-manifest', key: task.key });
    task.manifest = 'asked';
    const cancel = this.#deps.clock.after(MANIFEST_WITHIN_MS, () => {
      task.cancels.delete(cancel);
      if (task.manifest === 'asked') task.manifest = 'missing';
      this.#deps.changed();
    });
    task.cancels.add(cancel);
  }

  #fetchedManifest(task: SegmentTask, manifest: Manifest | undefined, encoded: Uint8Array | undefined): void {
    if (task.manifest === 'here') return;
    if (manifest && encoded) this.#useManifest(task, manifest, encoded);
    else {
      task.manifest = 'missing';
      task.edgeFailed = true;
      task.wholeBody = undefined;
      this.#deps.failed(task, 'no-manifest');
    }
    this.#deps.changed();
  }

  #useManifest(task: SegmentTask, manifest: Manifest, encoded: Uint8Array): void {
    if (task.manifest === 'here') return;
    task.setManifest(manifest);
    this.#deps.cache.open(task.key, manifest, encoded);
    this.#admitWhole(task);
  }

  #fetch(task: SegmentTask, first: number, end: number, because: EdgeReason): void {
    const { clock, edge, observer, intake, sessions, changed } = this.#deps;
    const manifest = task.manifestBody;
    if (!task.place || !manifest) return;
    const within = { start: chunkRange(manifest, first).start, end: chunkRange(manifest, end - 1).end };
    for (let chunk = first; chunk < end; chunk++) task.mark(chunk, ASKED_EDGE);
    if (because === 'repair') task.repairedChunks += end - first;
    task.transfers.begin(clock.now());
    // Mostly it is here before anybody would have stepped in; only what takes longer is worth a word.
    const cancelTelling = clock.after(TELL_OF_FETCH_AFTER_MS, () => {
      const runs = [{ first, count: end - first }];
      for (const session of sessions()) session.say({ type: 'fetching', key: task.key, runs });
    });
    const cancel = edge.segment(task.place, within, within.end - within.start, (bytes) => {
      cancelTelling();
      task.cancels.delete(cancel);
      task.transfers.end(clock.now());
      const settle = (isTrue: boolean) => {
        for (let chunk = first; chunk < end; chunk++) task.unmark(chunk, ASKED_EDGE);
        if (!isTrue) this.#mismatched(task);
        changed();
      };
      if (!bytes) {
        task.edgeFailed = true;
        this.#deps.failed(task, 'edge');
        return;
      }
      observer.receivedFromEdge(bytes.length, because, task.key);
      task.edgeBytes += bytes.length;
      if (bytes.length === within.end - within.start) intake.run(task, first, end, bytes, settle);
      // An edge, or a cache before it, may answer a range with the whole: it is paid for, so all of it counts.
      else if (bytes.length === manifest.size) intake.run(task, 0, task.chunks, bytes, settle);
      else settle(false);
    });
    task.cancels.add(cancel);
  }

  #admitWhole(task: SegmentTask): void {
    const { wholeBody: body, manifestBody: manifest } = task;
    if (!body || !manifest) return;
    task.wholeBody = undefined;
    if (body.length !== manifest.size) this.#mismatched(task);
    else {
      this.#deps.intake.run(task, 0, task.chunks, body, (isTrue) => {
        if (!isTrue) this.#mismatched(task);
      });
    }
  }

  #mismatched(task: SegmentTask): void {
    task.mismatches += 1;
    if (task.mismatches < MISMATCHES_TO_GIVE_UP && !task.isComingWhole) return;
    task.edgeFailed = true;
    this.#deps.failed(task, 'object-changed');
  }
}
