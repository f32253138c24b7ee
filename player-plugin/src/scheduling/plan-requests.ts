import { bitCount } from '../bits.ts';
import type { Random } from '../random.ts';
import { dutyRank, halfChunks, halves, mix, RANK_DELAYS, stripeCount } from './fetch-duty.ts';
import {
  type Action,
  ASKED_EDGE,
  ASKED_PEER,
  type EdgeView,
  type FetchReason,
  HELD,
  type PeerView,
  type PlanConfig,
  type PlanView,
  type SegmentView,
} from './plan-view.ts';

/**
 * What to ask of whom now. Duty first: the swarm waits for it, and for what will have to come from the edge anyway. Then
 * what the edge must repair before the playhead gets there, and not earlier. Then everything else from peers, each chunk
 * from whoever will have delivered it first.
 */
export function planRequests(view: PlanView, config: PlanConfig, random: Random): RequestPlan {
  const plan = new Plan(view, config, random);
  const open = view.segments.filter(({ isComingWhole }) => !isComingWhole);
  for (const segment of open) plan.manifest(segment);
  for (const segment of open) plan.duty(segment);
  for (const segment of open) plan.repair(segment);
  plan.askPeers();
  return plan;
}

export interface RequestPlan {
  readonly actions: readonly Action[];
  /** When the next repair is due if nothing else changes; plan again then. */
  readonly repairDueAt: number;
}

/** Before everything that is ordered by how many have it: more than there can be neighbours, times segments. */
const URGENT_FIRST = 100_000;
const MOST_HOLDERS = 100;
/** The edge is reckoned a little slower than it was measured. */
const EDGE_CAUTION = 1.1;
/** From when a repair is due to when it has been planned, ms. */
const PLANNING_MS = 10;

/** A peer that may be asked now. */
interface Askable {
  readonly peer: PeerView;
  /** Chunks asked of it and not here yet, those of this plan included. */
  asked: number;
}

/** A missing chunk that somebody has who may be asked. */
interface WantedChunk {
  readonly segment: SegmentView;
  readonly chunk: number;
  /** The bits of who has it. */
  readonly holders: number;
  readonly order: number;
}

const NOBODY = new Int32Array(0);

class Plan implements RequestPlan {
  readonly actions: Action[] = [];
  repairDueAt: number = Number.POSITIVE_INFINITY;
  readonly #view: PlanView;
  readonly #config: PlanConfig;
  readonly #random: Random;
  /** The chunks' state with what this plan itself adds, so that no chunk is planned twice. */
  readonly #planned = new Map<SegmentView, Uint8Array>();
  /** The bits of all peers, and of those whose word counts. */
  #peers = 0;
  #reliable = 0;
  #edgePendingBytes: number;

  constructor(view: PlanView, config: PlanConfig, random: Random) {
    this.#view = view;
    this.#config = config;
    this.#random = random;
    this.#edgePendingBytes = view.edge.pendingBytes;
    for (const { holdings, isReliable } of view.peers) {
      this.#peers |= holdings.bit;
      if (isReliable) this.#reliable |= holdings.bit;
    }
  }

  /** Whoever is on duty needs the manifest from the edge; all others get it from whoever has told of chunks. */
  manifest(segment: SegmentView): void {
    if (segment.manifest !== 'missing') return;
    const tellers = this.#view.peers.filter((peer) => peer.holdings.knows(segment.key));
    const [teller] = tellers.sort((a, b) => a.rttMs - b.rttMs);
    const isOwn = segment.mayAskEdge && (hasAnyDuty(segment) || this.#dueRanks(segment) > 1);
    if (isOwn) this.actions.push({ do: 'fetch-manifest', segment });
    else if (teller) this.actions.push({ do: 'ask-manifest', segment, peer: teller });
  }

  duty(segment: SegmentView): void {
    if (!segment.mayAskEdge || segment.heldChunks === segment.chunks) return;
    if (!segment.isLive && this.#isLineFull) return;
    const dueRanks = this.#dueRanks(segment);
    for (let stripe = 0; stripe < stripeCount(segment.chunks); stripe++) {
      for (const half of halves) {
        const rank = dutyRank(segment.duty, segment.seed, stripe, half, dueRanks);
        if (rank === undefined) continue;
        const { first, end } = halfChunks(stripe, half, segment.chunks);
        this.#fetchUncared(segment, first, end, rank === 0 ? 'duty' : 'backup');
      }
    }
    if (segment.isLive) this.#fetchEarly(segment);
  }

  #dueRanks({ slackMs, learnedAt }: SegmentView): number {
    const waitedMs = this.#view.now - learnedAt;
    const patienceMs = Math.min(slackMs, this.#config.longestSlackMs);
    return RANK_DELAYS.filter((share) => waitedMs >= share * patienceMs).length;
  }

  /** One run of chunks, each viewer another: what is there in many places at once needs no time to spread. */
  #fetchEarly(segment: SegmentView): void {
    const { me, earlyShare } = this.#view;
    const { chunks, seed } = segment;
    const lot = mix(me ^ seed);
    const count = Math.floor(earlyShare * chunks + lot / 2 ** 32);
    for (let at = 0; at < count; at++) {
      const chunk = (lot + at) % chunks;
      if (this.#stateOf(segment, chunk) === 0) this.#fetch(segment, chunk, 'early');
    }
  }

  /** A recording can wait a little: what was asked before should come first, and control must get through. */
  get #isLineFull(): boolean {
    const { rttMs, bytesPerMs } = this.#view.edge;
    return this.#edgePendingBytes > bytesPerMs * (rttMs + this.#config.prefetchMs);
  }

  #fetchUncared(segment: SegmentView, first: number, end: number, because: FetchReason): void {
    for (let chunk = first; chunk < end; chunk++) {
      if (this.#stateOf(segment, chunk) === 0 && !this.#isCared(segment, chunk, because))
        this.#fetch(segment, chunk, because);
    }
  }

  /** Just in time: the missing bytes are asked of the edge when the time left is what the edge needs for them. */
  repair(segment: SegmentView): void {
    if (!segment.mayAskEdge) return;
    const { edge, now } = this.#view;
    const leftMs = segment.deadline - now - this.#config.repairMarginMs;
    const roomBytes = roomFor(leftMs - PLANNING_MS, edge) - this.#edgePendingBytes;
    if (segment.chunks === 0) {
      // Nothing is known of it: two trips for manifest and bytes no longer fit, so the whole comes in one.
      if (leftMs < 2 * edge.rttMs + PLANNING_MS) this.actions.push({ do: 'fetch-whole', segment, because: 'repair' });
      return;
    }
    const missing: number[] = [];
    let missingBytes = 0;
    for (let chunk = 0; chunk < segment.chunks; chunk++) {
      if (this.#stateOf(segment, chunk) & (HELD | ASKED_EDGE)) continue;
      missingBytes += sizeOf(segment, chunk);
      missing.push(chunk);
    }
    if (missingBytes <= roomBytes) {
      const spareMs = ((roomBytes - missingBytes) * EDGE_CAUTION) / edge.bytesPerMs;
      if (missingBytes > 0) this.repairDueAt = Math.min(this.repairDueAt, now + spareMs);
      return;
    }
    // Fewest holders first; what a peer is sending already comes last.
    const holders = this.#holdersOf(segment);
    const rankOf = (chunk: number) =>
      bitCount((holders[chunk] as number) & this.#peers) + (this.#stateOf(segment, chunk) & ASKED_PEER ? 1000 : 0);
    missing.sort((a, b) => rankOf(a) - rankOf(b) || a - b);
    for (const chunk of missing) {
      if (missingBytes <= roomBytes) break;
      missingBytes -= sizeOf(segment, chunk);
      this.#fetch(segment, chunk, 'repair');
    }
  }

  askPeers(): void {
    const { peers, now } = this.#view;
    let inFlight = 0;
    let askableBits = 0;
    const askable: Askable[] = [];
    for (const peer of peers) {
      inFlight += peer.inFlight;
      if (peer.availableAt > now || peer.inFlight >= this.#config.maxPerPeer) continue;
      askableBits |= peer.holdings.bit;
      askable.push({ peer, asked: peer.inFlight });
    }
    if (askable.length === 0) return;
    for (const { segment, chunk, holders } of this.#byRarity(askableBits)) {
      if (inFlight >= this.#config.maxInFlight) return;
      const soonest = this.#soonest(segment, chunk, holders, askable);
      if (!soonest) continue;
      const { peer } = soonest;
      soonest.asked += 1;
      inFlight += 1;
      this.#mark(segment, chunk, ASKED_PEER);
      // Question and answer are on their way for a round trip; what is left is the peer's.
      const withinMs = this.#withinMs(segment, sizeOf(segment, chunk)) - peer.rttMs;
      this.actions.push({ do: 'ask-peer', segment, chunk, peer, withinMs });
    }
  }

  /**
   * Missing chunks that somebody who may be asked has: rarest first, ties at random, so that neighbours want different
   * things. What is played soon has waited for its turn already: its chunks are everywhere, and rarity alone would put
   * them last. Of a recording the next segment always comes first.
   */
  #byRarity(askable: number): WantedChunk[] {
    const wanted: WantedChunk[] = [];
    let turn = -URGENT_FIRST;
    for (const segment of this.#view.segments) {
      if (segment.isComingWhole || segment.heldChunks === segment.chunks) continue;
      const all = this.#holdersOf(segment);
      const state = this.#statesOf(segment);
      const isUrgent = segment.deadline - this.#view.now < this.#config.urgentMs;
      const first = segment.isLive && !isUrgent ? 0 : turn;
      if (!segment.isLive) turn += MOST_HOLDERS;
      for (let chunk = 0; chunk < segment.chunks; chunk++) {
        const holders = (all[chunk] as number) & this.#peers;
        if ((holders & askable) === 0 || state[chunk] !== 0) continue;
        wanted.push({ segment, chunk, holders, order: first + bitCount(holders) + this.#random() });
      }
    }
    return wanted.sort((a, b) => a.order - b.order);
  }

  /**
   * Of the holders with room: who will have delivered first, and in time. What somebody lacks who plays it sooner is left to
   * them while there is time: one line cannot carry it to everybody, and they pass it on (docs/decisions/0085).
   */
  #soonest(segment: SegmentView, chunk: number, holders: number, askable: readonly Askable[]): Askable | undefined {
    const bytes = sizeOf(segment, chunk);
    let best: Askable | undefined;
    let bestMs = this.#withinMs(segment, bytes);
    if (bestMs > this.#config.urgentMs && segment.sooner & ~holders) return undefined;
    for (const one of askable) {
      const { peer, asked } = one;
      if ((holders & peer.holdings.bit) === 0 || asked >= windowOf(peer, bytes, this.#config.maxPerPeer)) continue;
      const expectedMs = peer.rttMs + peer.queueMs + ((asked + 1) * bytes) / peer.bytesPerMs;
      if (expectedMs < bestMs) {
        bestMs = expectedMs;
        best = one;
      }
    }
    return best;
  }

  /** Peers must have delivered before the edge is asked: what comes after that comes twice. */
  #withinMs({ deadline }: SegmentView, bytes: number): number {
    const { now, edge } = this.#view;
    const repairMs = edge.rttMs + (bytes * EDGE_CAUTION) / edge.bytesPerMs + PLANNING_MS;
    return deadline - now - this.#config.repairMarginMs - repairMs;
  }

  /**
   * Somebody else has the chunk, or is fetching it: it will come from there. Whose duty it is does not rely on others who
   * say that they fetch: one who pretends to would keep everybody from it.
   */
  #isCared(segment: SegmentView, chunk: number, because: FetchReason): boolean {
    if (((this.#holdersOf(segment)[chunk] as number) & this.#reliable) !== 0) return true;
    const { peers, now } = this.#view;
    return (
      because === 'backup' && peers.some((peer) => peer.isReliable && peer.holdings.isFetching(segment.key, chunk, now))
    );
  }

  /** Beyond its end there is nothing, which has no bits either. */
  #holdersOf({ key }: SegmentView): Int32Array {
    return this.#view.holders(key) ?? NOBODY;
  }

  /** Adjacent chunks that are fetched for the same reason go into one request. */
  #fetch(segment: SegmentView, chunk: number, because: FetchReason): void {
    this.#edgePendingBytes += sizeOf(segment, chunk);
    this.#mark(segment, chunk, ASKED_EDGE);
    const last = this.actions.at(-1);
    const joins = last?.do === 'fetch' && last.segment === segment && last.because === because && last.end === chunk;
    if (joins) this.actions[this.actions.length - 1] = { ...last, end: chunk + 1 };
    else this.actions.push({ do: 'fetch', segment, first: chunk, end: chunk + 1, because });
  }

  #mark(segment: SegmentView, chunk: number, bit: number): void {
    const planned = this.#planned.get(segment) ?? segment.state.slice();
    this.#planned.set(segment, planned);
    planned[chunk] = (planned[chunk] as number) | bit;
  }

  #stateOf(segment: SegmentView, chunk: number): number {
    return this.#statesOf(segment)[chunk] as number;
  }

  #statesOf(segment: SegmentView): Uint8Array {
    return this.#planned.get(segment) ?? segment.state;
  }
}

function sizeOf({ chunks, chunkBytes, lastChunkBytes }: SegmentView, chunk: number): number {
  return chunk === chunks - 1 ? lastChunkBytes : chunkBytes;
}

/** How many bytes the edge can deliver in so much time. */
function roomFor(ms: number, { rttMs, bytesPerMs }: EdgeView): number {
  return ((ms - rttMs) * bytesPerMs) / EDGE_CAUTION;
}

/** Enough in flight that the peer never waits for us, and one more; at least two. */
function windowOf(peer: PeerView, chunkBytes: number, most: number): number {
  const needed = Math.ceil((peer.bytesPerMs * (peer.rttMs + 50)) / chunkBytes) + 1;
  return Math.max(2, Math.min(most, needed));
}

/** Whether any stripe that a segment may have could be this viewer's at once: before its size is known. */
function hasAnyDuty({ duty, seed }: SegmentView): boolean {
  for (let stripe = 0; stripe < stripeCount(Number.POSITIVE_INFINITY); stripe++) {
    if (halves.some((half) => dutyRank(duty, seed, stripe, half, 1) === 0)) return true;
  }
  return false;
}
