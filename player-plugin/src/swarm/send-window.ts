import type { SentPiece } from './queue-delay.ts';

/**
 * What is under way on this page's line, over all its connections. Transports do not tell: their buffers hide most of it
 * (64 KiB buffered hid 312 KiB in the network), so pages acknowledge to each other. An acknowledgement comes back over the
 * receiver's line, though, which may be full: a piece that is older than the fastest recent acknowledgements explain has
 * left our line, whoever is slow to say so.
 */

interface PieceUnderWay extends SentPiece {
  /** It was acknowledged, or counts as gone without a word. */
  hasLeft: boolean;
}

const BUCKET_MS = 500;
/** The fastest acknowledgement of so many buckets is the base; of the last two, the present state of the line. */
const MEMORY_BUCKETS = 20;
/** Assumed until the first acknowledgement. */
const FIRST_ROUND_TRIP_MS = 150;
/** A piece counts as under way for so many of the fastest recent round trips, and at least so long. */
const LEAVES_WITHIN_ROUND_TRIPS = 1.5;
const LEAVES_WITHIN_MS = 120;

export class SendWindow<Target extends { readonly heldBytes: number }> {
  /** Without those for whom nothing is under way. */
  readonly #byTarget = new Map<Target, Map<number, PieceUnderWay>>();
  /** In the order of sending. */
  readonly #line: PieceUnderWay[] = [];
  /** Of those that have not left. */
  #lineBytes = 0;
  readonly #fastest = new Float64Array(MEMORY_BUCKETS).fill(Number.POSITIVE_INFINITY);
  /** The least of them: looked at with every piece. */
  #base = Number.POSITIVE_INFINITY;
  #bucket = 0;

  sent(target: Target, id: number, bytes: number, now: number): void {
    const piece: PieceUnderWay = { bytes, sentAt: now, hasLeft: false };
    const pieces = this.#byTarget.get(target) ?? new Map<number, PieceUnderWay>();
    this.#byTarget.set(target, pieces.set(id, piece));
    this.#line.push(piece);
    this.#lineBytes += bytes;
  }

  /** @returns a piece that has not been acknowledged yet */
  find(target: Target, id: number): SentPiece | undefined {
    return this.#byTarget.get(target)?.get(id);
  }

  /** @returns the bytes that arrived: a peer may claim anything, but only what was sent to it counts, and once */
  acknowledged(target: Target, first: number, count: number, now: number): number {
    const pieces = this.#byTarget.get(target);
    if (!pieces) return 0;
    let bytes = 0;
    // Over what is under way and not over what is claimed, which may be billions.
    for (const [id, piece] of pieces) {
      if (id < first || id >= first + count) continue;
      pieces.delete(id);
      if (pieces.size === 0) this.#byTarget.delete(target);
      this.#leave(piece);
      bytes += piece.bytes;
      this.#advance(now);
      const at = this.#bucket % MEMORY_BUCKETS;
      const roundTripMs = now - piece.sentAt;
      this.#fastest[at] = Math.min(this.#fastest[at] as number, roundTripMs);
      this.#base = Math.min(this.#base, roundTripMs);
    }
    return bytes;
  }

  remove(target: Target): void {
    for (const piece of this.#byTarget.get(target)?.values() ?? []) this.#leave(piece);
    this.#byTarget.delete(target);
  }

  /** Bytes that are still on our line, as far as anybody can know. */
  bytesUnderWay(now: number): number {
    const leftBefore = now - this.#leavesWithinMs(now);
    let head = 0;
    for (; head < this.#line.length; head++) {
      const piece = this.#line[head] as PieceUnderWay;
      // Acknowledgements overtake each other: what has left may stand behind what has not.
      if (!piece.hasLeft && piece.sentAt > leftBefore) break;
      this.#leave(piece);
    }
    if (head > 0) this.#line.splice(0, head);
    let heldBytes = 0;
    for (const target of this.#byTarget.keys()) heldBytes += target.heldBytes;
    return Math.max(0, this.#lineBytes - heldBytes);
  }

  /** Whether all was acknowledged: what only counts as gone may still be before the line. */
  get isEmpty(): boolean {
    return this.#byTarget.size === 0;
  }

  /** The fastest acknowledgement of the last ten seconds, ms: the round trip with next to no queue. */
  baseRoundTripMs(now: number): number {
    this.#advance(now);
    return Number.isFinite(this.#base) ? this.#base : FIRST_ROUND_TRIP_MS;
  }

  #leave(piece: PieceUnderWay): void {
    if (!piece.hasLeft) this.#lineBytes -= piece.bytes;
    piece.hasLeft = true;
  }

  #leavesWithinMs(now: number): number {
    this.#advance(now);
    const recent = Math.min(
      this.#fastest[this.#bucket % MEMORY_BUCKETS] as number,
      this.#fastest[(this.#bucket + MEMORY_BUCKETS - 1) % MEMORY_BUCKETS] as number,
    );
    // No acknowledgement of late: the line may be dead, and nothing is taken to have left it.
    if (!Number.isFinite(recent)) return Number.POSITIVE_INFINITY;
    return Math.max(LEAVES_WITHIN_MS, LEAVES_WITHIN_ROUND_TRIPS * recent);
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket <= this.#bucket) return;
    for (let step = 0; step < Math.min(MEMORY_BUCKETS, bucket - this.#bucket); step++) {
      this.#fastest[(bucket - step) % MEMORY_BUCKETS] = Number.POSITIVE_INFINITY;
    }
    this.#bucket = bucket;
    this.#base = Math.min(...this.#fastest);
  }
}
