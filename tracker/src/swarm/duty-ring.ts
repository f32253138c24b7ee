import type { Arc } from '@nearcast/protocol';

/**
 * Who fetches what from the edge: the ring [0, 1) divided among viewers, wider for those who can pass more on. Each knows
 * only its own arc. Small rings are divided anew exactly, for there every arc counts; in large ones a join splits one arc
 * and a leave gives one to its neighbour, so that two viewers hear of it.
 */

/** Up to so many members the ring is divided exactly, and all of them may hear of a change. */
const EXACT_UP_TO = 24;

/** Of a large ring so many members are looked at to find who has most to give away. */
const LOOKED_AT = 8;

/** A weight must change by this share before arcs move: meters waver. */
const NOTICEABLE_CHANGE = 0.25;

export interface RingMember<Id> {
  readonly id: Id;
  readonly arc: Arc;
}

interface Member<Id> {
  readonly id: Id;
  weight: number;
  start: number;
  width: number;
}

export class DutyRing<Id> {
  /** In the order of the ring; each begins where the one before ends. */
  readonly #members: Member<Id>[] = [];
  /** To find a member in the order without looking into all before it. */
  readonly #byId = new Map<Id, Member<Id>>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Its share of the ring, 0…1. */
  widthOf(id: Id): number {
    return this.#byId.get(id)?.width ?? 0;
  }

  get size(): number {
    return this.#members.length;
  }

  /** @param weight bit/s that it can pass on, above 0; who has none does not belong here */
  add(id: Id, weight: number): RingMember<Id>[] {
    if (this.#members.length < EXACT_UP_TO) {
      this.#push(id, weight);
      return this.#divideExactly();
    }
    const at = this.#mostLoaded();
    const giver = this.#members[at] as Member<Id>;
    const width = (giver.width * weight) / (giver.weight + weight);
    giver.width -= width;
    const member = { id, weight, start: wrapped(giver.start + giver.width), width };
    this.#members.splice(at + 1, 0, member);
    this.#byId.set(id, member);
    return [toMember(giver), toMember(member)];
  }

  /** Begins anew, with these members, and divides the ring exactly whatever their number. */
  divideAmong(members: readonly (readonly [id: Id, weight: number])[]): RingMember<Id>[] {
    this.#members.length = 0;
    this.#byId.clear();
    for (const [id, weight] of members) this.#push(id, weight);
    return this.#divideExactly();
  }

  remove(id: Id): RingMember<Id>[] {
    const gone = this.#byId.get(id);
    if (!gone) return [];
    const at = this.#members.indexOf(gone);
    this.#members.splice(at, 1);
    this.#byId.delete(id);
    if (this.#members.length <= EXACT_UP_TO) return this.#divideExactly();
    const before = this.#members[(at - 1 + this.#members.length) % this.#members.length] as Member<Id>;
    const after = this.#members[at % this.#members.length] as Member<Id>;
    const heir = load(before) < load(after) ? before : after;
    if (heir === after) heir.start = gone.start;
    heir.width += gone.width;
    return [toMember(heir)];
  }

  reweigh(id: Id, weight: number): RingMember<Id>[] {
    const member = this.#byId.get(id);
    if (!member || Math.abs(weight - member.weight) <= NOTICEABLE_CHANGE * member.weight) return [];
    member.weight = weight;
    if (this.#members.length <= EXACT_UP_TO) return this.#divideExactly();
    // Only the border to the next member moves: towards equal load of the two.
    const next = this.#members[(this.#members.indexOf(member) + 1) % this.#members.length] as Member<Id>;
    const both = member.width + next.width;
    member.width = (both * weight) / (weight + next.weight);
    next.width = both - member.width;
    next.start = wrapped(member.start + member.width);
    return [toMember(member), toMember(next)];
  }

  arcs(): RingMember<Id>[] {
    return this.#members.map(toMember);
  }

  #push(id: Id, weight: number): void {
    const member = { id, weight, start: 0, width: 0 };
    this.#members.push(member);
    this.#byId.set(id, member);
  }

  #divideExactly(): RingMember<Id>[] {
    const total = this.#members.reduce((sum, { weight }) => sum + weight, 0);
    const changed: RingMember<Id>[] = [];
    let start = 0;
    for (const member of this.#members) {
      const width = member.weight / total;
      if (member.start !== start || member.width !== width) {
        Object.assign(member, { start, width });
        changed.push(toMember(member));
      }
      start += width;
    }
    return changed;
  }

  #mostLoaded(): number {
    let most = 0;
    for (let look = 0; look < LOOKED_AT; look++) {
      const at = Math.floor(this.#random() * this.#members.length);
      if (look === 0 || load(this.#members[at] as Member<Id>) > load(this.#members[most] as Member<Id>)) most = at;
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
  return { id, arc: { start, width } };
}
