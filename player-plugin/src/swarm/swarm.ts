import type { LinkReport, TrackerMessage, UnlinkReason, ViewerMessage } from '@nearcast/protocol';
import { bitCount, freeBit } from '../bits.ts';
import type { SegmentCache } from '../cache/segment-cache.ts';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { ANSWER_WITHIN_MS, NEWS_WITHIN_MS, STALE_NEWS_WITHIN_MS } from './control-outbox.ts';
import { type CloseReason, type ExchangeFrame, PeerSession, type PeerSessionEvents } from './peer-session.ts';
import type { ConnectPeer, PeerTransport } from './peer-transport.ts';
import { type Holdings, RemoteHoldings } from './remote-holdings.ts';
import { slowNeighbour } from './slow-neighbour.ts';
import { RARE_COPIES, UNWILLING_MS, type Uploader } from './uploader.ts';

/** What a swarm tells the delivery: what its peers have, send and want to know. */
export type SwarmEvents = Omit<PeerSessionEvents, 'closed' | 'frame'> & {
  frame(session: PeerSession, frame: Extract<ExchangeFrame, { type: 'segment' | 'manifest' }>): void;
  closed(session: PeerSession, because: CloseReason): void;
};

export interface SwarmDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly connect: ConnectPeer;
  readonly cache: SegmentCache;
  readonly uploader: Uploader;
  /** Whether this viewer may send to peers now. */
  readonly mayUpload: () => boolean;
  /** Whether the neighbours are not enough. */
  readonly isLacking: () => boolean;
  readonly tellTracker: (message: ViewerMessage) => void;
}

type Introduction = Extract<TrackerMessage, { type: 'introduce' }>;

interface Connecting {
  readonly transport: PeerTransport;
  readonly cancelTimer: () => void;
}

/** A pair that has not connected by then will not. ICE gives up later. */
const CONNECT_WITHIN_MS = 15_000;
/** More neighbours than that are nobody's gain, whoever introduces them; each has a bit of 32. */
const MAX_NEIGHBOURS = 32;
/** With fewer neighbours than this, more are asked for. */
const ENOUGH_NEIGHBOURS = 6;
/**
 * And with so many, where they are not enough: who came last to a large swarm knows seven, while the first know sixteen
 * (docs/decisions/0080).
 */
const PLENTY_OF_NEIGHBOURS = 12;
const ASK_EVERY_MS = 5_000;
/** A better neighbour needs some time to come and to be measured. */
const REPLACE_SLOW_EVERY_MS = 30_000;
/** As many as a report may name. */
const MAX_ACCOUNTS = 64;
/** What so many of the neighbours have is nothing new. */
const COMMON_SHARE = 0.5;
/** A connection under a new name must be open at both ends before the one under the old name is given up, ms. */
const REPLACE_AFTER_MS = 3_000;
/** Until the tracker says how many there are, it is waited for, ms: deadlines hold all the same. */
const EXPECT_TRACKER_FOR_MS = 1_000;
/** Right after meeting others is announced, they are waited for. */
const EXPECT_PEERS_FOR_MS = 3_000;

/** The neighbours: meeting them, keeping them, serving them. */
export class Swarm {
  readonly #deps: SwarmDeps;
  readonly #events: SwarmEvents;
  readonly #connecting = new Map<string, Connecting>();
  readonly #sessions = new Map<string, PeerSession>();
  readonly #holdings: Holdings = new Map();
  /** By chunk, the bits of the neighbours that have it. */
  readonly holders = (key: string): Int32Array | undefined => this.#holdings.get(key)?.has;
  #open: PeerSession[] = [];
  /** Neighbours whose names are of an earlier connection to the tracker. */
  readonly #former = new Set<PeerSession>();
  /** Those that were introduced as far away: so that the swarm is one, and not for their speed. */
  readonly #far = new Set<string>();
  #replaceAt = 0;
  #replacedSlowAt: number;
  readonly #endedAccounts: LinkReport[] = [];
  #viewers = 1;
  #metAt = Number.NEGATIVE_INFINITY;
  #expectedUntil: number;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: SwarmDeps, events: SwarmEvents) {
    this.#expectedUntil = deps.clock.now() + EXPECT_TRACKER_FOR_MS;
    this.#replacedSlowAt = deps.clock.now();
    this.#deps = deps;
    this.#events = events;
  }

  /** Neighbours that have said hello. */
  get open(): readonly PeerSession[] {
    return this.#open;
  }

  /** When the newest neighbour came, ms. */
  get metAt(): number {
    return this.#metAt;
  }

  /** Whether somebody is about to be there. */
  isExpectingPeers(now: number): boolean {
    return this.#open.length === 0 && now < this.#expectedUntil;
  }

  hear(message: TrackerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#welcomed(message.viewers);
        break;
      case 'introduce':
        this.#introduced(message);
        break;
      case 'signal':
        this.#connecting.get(message.from)?.transport.signal(message.signal);
        break;
      case 'blocked':
        this.close();
        break;
      default:
        break;
    }
  }

  /** A chunk is here. When most have it, and the line is too busy to send it anyway, the news can wait for company. */
  announce(key: string, chunk: number): void {
    const withinMs = this.#newsWithinMs(this.copiesOf(key, chunk));
    for (const session of this.#open) if (!session.hasAnnounced(key, chunk)) session.announce(key, chunk, withinMs);
  }

  /** How many neighbours have told of a chunk. */
  copiesOf(key: string, chunk: number): number {
    return bitCount(this.holders(key)?.[chunk] ?? 0);
  }

  /** What was exchanged with whom since this was last asked, those that have left included. */
  takeAccounts(): LinkReport[] {
    const accounts = [...this.#endedAccounts.splice(0), ...this.#open.map((session) => session.takeAccount())];
    return accounts.filter(({ receivedBytes, sentBytes }) => receivedBytes + sentBytes > 0).slice(0, MAX_ACCOUNTS);
  }

  /** Asks for more neighbours when there are too few, and leaves those that are of no use. */
  tick(now: number): void {
    this.#replaceFormer(now);
    this.#replaceSlow(now);
    const met = this.#sessions.size - this.#former.size + this.#connecting.size;
    const enough = this.#deps.isLacking() ? PLENTY_OF_NEIGHBOURS : ENOUGH_NEIGHBOURS;
    const possible = Math.min(enough, this.#viewers - 1);
    if (met >= possible || now - this.#askedAt < ASK_EVERY_MS) return;
    this.#askedAt = now;
    this.#deps.tellTracker({ type: 'want', peers: possible - met });
  }

  close(): void {
    for (const session of [...this.#sessions.values()]) session.close('left', 'leaving');
    for (const peer of [...this.#connecting.keys()]) this.#giveUp(peer, undefined);
  }

  #newsWithinMs(copies: number): number {
    if (copies <= RARE_COPIES) return ANSWER_WITHIN_MS;
    const isStale = this.#deps.uploader.isBusy && copies >= COMMON_SHARE * this.#open.length;
    return isStale ? STALE_NEWS_WITHIN_MS : NEWS_WITHIN_MS;
  }

  /** Those met under former names stay until as many, or enough, are there under the new ones. */
  #replaceFormer(now: number): void {
    if (this.#former.size === 0) return;
    const met = this.#open.filter((session) => !this.#former.has(session)).length;
    if (met < Math.min(this.#former.size, ENOUGH_NEIGHBOURS)) this.#replaceAt = now + REPLACE_AFTER_MS;
    if (now < this.#replaceAt) return;
    for (const session of [...this.#former]) session.close('replaced', 'replaced');
  }

  /** One at a time, and a nearer one is asked for in its place. */
  #replaceSlow(now: number): void {
    if (now - this.#replacedSlowAt < REPLACE_SLOW_EVERY_MS) return;
    this.#replacedSlowAt = now;
    const near = this.#open.filter((session) => !this.#far.has(session.id) && !this.#former.has(session));
    const slow = slowNeighbour(near.map((session) => ({ session, baseRttMs: session.score.baseRttMs })));
    if (!slow) return;
    slow.session.close('replaced', 'replaced');
    this.#deps.tellTracker({ type: 'want', peers: 1 });
  }

  #welcomed(viewers: number): void {
    const now = this.#deps.clock.now();
    // [S5] Names hold for one connection to the tracker: the same viewers will be introduced again, under new ones.
    for (const session of this.#sessions.values()) this.#former.add(session);
    this.#replaceAt = now + REPLACE_AFTER_MS;
    this.#viewers = viewers;
    this.#askedAt = now;
    this.#expectedUntil = viewers > 1 ? now + EXPECT_PEERS_FOR_MS : now;
  }

  #introduced({ peer, initiate, nearness }: Introduction): void {
    const isKnown = this.#sessions.has(peer) || this.#connecting.has(peer);
    if (isKnown || this.#sessions.size + this.#connecting.size >= MAX_NEIGHBOURS) return;
    this.#viewers = Math.max(this.#viewers, this.#sessions.size + this.#connecting.size + 2);
    if (nearness === 'far') this.#far.add(peer);
    let session: PeerSession | undefined;
    const transport = this.#deps.connect(initiate, {
      signal: (signal) => this.#deps.tellTracker({ type: 'signal', to: peer, signal }),
      opened: () => {
        session = this.#begin(peer);
      },
      control: (message) => session?.receiveControl(message),
      data: (message) => session?.receiveData(message),
      closed: () => (session ? session.close('closed') : this.#giveUp(peer, 'failed')),
    });
    const cancelTimer = this.#deps.clock.after(CONNECT_WITHIN_MS, () => this.#giveUp(peer, 'failed'));
    this.#connecting.set(peer, { transport, cancelTimer });
  }

  #begin(peer: string): PeerSession | undefined {
    const connecting = this.#connecting.get(peer);
    if (!connecting) return undefined;
    connecting.cancelTimer();
    this.#connecting.delete(peer);
    const { clock, random, mayUpload } = this.#deps;
    let taken = 0;
    for (const session of this.#sessions.values()) taken |= session.holdings.bit;
    const holdings = new RemoteHoldings(this.#holdings, freeBit(taken));
    const session = new PeerSession(
      peer,
      connecting.transport,
      mayUpload(),
      {
        ...this.#events,
        opened: (opened) => {
          this.#listOpen();
          this.#metAt = clock.now();
          this.#events.opened(opened);
        },
        frame: (from, frame) => this.#receive(from, frame),
        closed: (closed, because) => this.#ended(closed, because),
      },
      { clock, random, holdings },
    );
    this.#sessions.set(peer, session);
    return session;
  }

  #giveUp(peer: string, because: UnlinkReason | undefined): void {
    const connecting = this.#connecting.get(peer);
    if (!connecting) return;
    this.#connecting.delete(peer);
    this.#far.delete(peer);
    connecting.cancelTimer();
    connecting.transport.close();
    if (because) this.#deps.tellTracker({ type: 'unlink', peer, because });
  }

  #ended(session: PeerSession, because: CloseReason): void {
    this.#sessions.delete(session.id);
    this.#former.delete(session);
    this.#far.delete(session.id);
    if (this.#endedAccounts.length < MAX_ACCOUNTS) this.#endedAccounts.push(session.takeAccount());
    this.#listOpen();
    this.#deps.uploader.remove(session);
    if (because !== 'left') this.#deps.tellTracker({ type: 'unlink', peer: session.id, because });
    this.#events.closed(session, because);
  }

  #listOpen(): void {
    this.#open = [...this.#sessions.values()].filter((session) => session.isOpen);
  }

  #receive(session: PeerSession, frame: ExchangeFrame): void {
    const { cache, uploader } = this.#deps;
    switch (frame.type) {
      case 'request':
        this.#serve(session, frame.key, frame.chunk, frame.withinMs);
        break;
      case 'cancel':
        uploader.cancel(session, frame.key, frame.chunk);
        break;
      case 'ack':
        uploader.acknowledge(session, frame.runs, session.arrivedAtMs(frame.arrivedAtMs));
        break;
      case 'want-manifest': {
        const manifest = cache.get(frame.key)?.encodedManifest;
        if (manifest) session.say({ type: 'manifest', manifest });
        break;
      }
      case 'segment':
      case 'manifest':
        this.#events.frame(session, frame);
        break;
    }
  }

  #serve(session: PeerSession, key: string, chunk: number, withinMs: number): void {
    const { cache, uploader, clock, mayUpload } = this.#deps;
    const bytes = cache.get(key)?.chunks[chunk];
    if (!mayUpload()) session.refuse(key, chunk, UNWILLING_MS);
    else if (!bytes) session.refuse(key, chunk, 0);
    else uploader.request({ target: session, key, chunk, deadline: clock.now() + withinMs }, bytes);
  }
}
