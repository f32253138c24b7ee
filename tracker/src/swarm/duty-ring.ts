import type { Arc } from '@nearcast/protocol';

/**
 * Who fetches what from the edge: the ring [0, 1) divided among viewers, wider for those who can pass more on, and in large
 * ones none for the slowest. Each knows only its own arc. Small rings are divided anew exactly, for there every arc counts; in large ones a
 * join splits one arc and a leave gives one to its neighbour, so that two viewers hear of it.
 */

/** Among up to so many the ring is divided exactly, and all of them may hear of a change. */
const EXACT_UP_TO = 24;

/** Of a large ring so many are looked at to find who has most to give away. */
const LOOKED_AT = 8;

/**
 * Of a large ring, who can pass on less than this share of what all can in the mean has no part. What it fetched would be with nobody else for
 * as long as its line takes for a chunk, and whoever plays first had to ask the edge for it (docs/decisions/0078).
 */
const LEAST_SHARE_OF_MEAN = 0.4;

/** A weight must change by this share before arcs move: meters waver. */
const NOTICEABLE_CHANGE = 0.25;

export interface RingMember<Id> {
  readonly id: Id;
  /** `null`: it has no part for now, as others can pass on much more. */
  readonly arc: Arc | null;
}

interface Member<Id> {
  readonly id: Id;
  weight: number;
  start: number;
  /** 0 while it has no part. */
  width: number;
}

export class DutyRing<Id> {
  readonly #byId = new Map<Id, Member<Id>>();
  /** Those that have a part, in the order of the ring; each begins where the one before ends. */
  #parts: Member<Id>[] = [];
  /** Of all members. */
  #weight = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Its share of the ring, 0…1. */
  widthOf(id: Id): number {
    return this.#byId.get(id)?.width ?? 0;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @param weight bit/s that it can pass on, above 0; who has none does not belong here */
  add(id: Id, weight: number): RingMember<Id>[] {
    const member = this.#enlist(id, weight);
    if (this.#parts.length >= EXACT_UP_TO) return this.#place(member);
    const changed = this.#divideExactly();
    return member.width > 0 ? changed : [...changed, toMember(member)];
  }

  /** Begins anew, with these members, and divides the ring exactly whatever their number. @returns all of them */
  divideAmong(members: readonly (readonly [id: Id, weight: number])[]): RingMember<Id>[] {
    this.#byId.clear();
    this.#weight = 0;
    for (const [id, weight] of members) this.#enlist(id, weight);
    this.#divideExactly();
    return this.arcs();
  }

  remove(id: Id): RingMember<Id>[] {
    const gone = this.#byId.get(id);
    if (!gone) return [];
    this.#byId.delete(id);
    this.#weight -= gone.weight;
    const hadPart = gone.width > 0;
    if (this.#parts.length - (hadPart ? 1 : 0) <= EXACT_UP_TO) return this.#divideExactly();
    return hadPart ? [this.#bequeath(gone)] : [];
  }

  reweigh(id: Id, weight: number): RingMember<Id>[] {
    const member = this.#byId.get(id);
    if (!member || Math.abs(weight - member.weight) <= NOTICEABLE_CHANGE * member.weight) return [];
    this.#weight += weight - member.weight;
    member.weight = weight;
    if (this.#parts.length <= EXACT_UP_TO) return this.#divideExactly();
    if (member.width === 0) return this.#passesEnough(member) ? this.#place(member) : [];
    const heir = this.#bequeath(member);
    const placed = this.#place(member);
    return placed.some(({ id: one }) => one === heir.id) ? placed : [heir, ...placed];
  }

  arcs(): RingMember<Id>[] {
    return [...this.#byId.values()].map(toMember);
  }

  #enlist(id: Id, weight: number): Member<Id> {
    const member = { id, weight, start: 0, width: 0 };
    this.#byId.set(id, member);
    this.#weight += weight;
    return member;
  }

  /** In a large ring: it gets part of another's part, if it can pass on enough. */
  #place(member: Member<Id>): RingMember<Id>[] {
    if (!this.#passesEnough(member)) return [toMember(member)];
    const at = this.#mostLoaded();
    const giver = this.#parts[at] as Member<Id>;
    member.width = (giver.width * member.weight) / (giver.weight + member.weight);
    giver.width -= member.width;
    member.start = wrapped(giver.start + giver.width);
    this.#parts.splice(at + 1, 0, member);
    return [toMember(giver), toMember(member)];
  }

  /** Of a large ring: a neighbour takes its part. */
  #bequeath(member: Member<Id>): RingMember<Id> {
    const at = this.#parts.indexOf(member);
    this.#parts.splice(at, 1);
    const before = this.#parts.at(at - 1) as Member<Id>;
    const after = this.#parts[at % this.#parts.length] as Member<Id>;
    const heir = load(before) < load(after) ? before : after;
    if (heir === after) heir.start = member.start;
    heir.width += member.width;
    member.width = 0;
    return toMember(heir);
  }

  #passesEnough({ weight }: Member<Id>): boolean {
    return this.#byId.size <= EXACT_UP_TO || weight * this.#byId.size >= LEAST_SHARE_OF_MEAN * this.#weight;
  }

  #divideExactly(): RingMember<Id>[] {
    this.#parts = [...this.#byId.values()].filter((member) => this.#passesEnough(member));
    const total = this.#parts.reduce((sum, { weight }) => sum + weight, 0);
    const changed: RingMember<Id>[] = [];
    let end = 0;
    for (const member of this.#byId.values()) {
      const width = this.#passesEnough(member) ? member.weight / total : 0;
      const start = end;
      end += width;
      if (member.width === width && (member.start === start || width === 0)) continue;
      Object.assign(member, { start, width });
      changed.push(toMember(member));
    }
    return changed;
  }

  #mostLoaded(): number {
    let most = 0;
    for (let look = 0; look < LOOKED_AT; look++) {
      const at = Math.floor(this.#random() * this.#parts.length);
      if (look === 0 || load(this.#parts[at] as Member<Id>) > load(this.#parts[most] as Member<Id>)) most = at;
    }
    return most;
  }
}

function load(member: Member<unknown>): number {
  return member.width / member.weight;
}

function wrapped(point: number): number {
  return point >= 1 ? point - 1 : point;
}

function toMember<Id>({ id, start, width }: Member<Id>): RingMember<Id> {
  return { id, arc: width > 0 ? { start, width } : null };
}
