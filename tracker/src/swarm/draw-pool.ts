/** A set whose members can be drawn by index, with additions and removals in constant time. */
export class DrawPool<T> {
  readonly #members: T[] = [];
  readonly #places = new Map<T, number>();

  get size(): number {
    return this.#members.length;
  }

  /** The members, in no order that means anything. */
  get all(): readonly T[] {
    return this.#members;
  }

  add(member: T): void {
    if (this.#places.has(member)) return;
    this.#places.set(member, this.#members.length);
    this.#members.push(member);
  }

  delete(member: T): void {
    const place = this.#places.get(member);
    if (place === undefined) return;
    this.#places.delete(member);
    const last = this.#members.pop() as T;
    if (last === member) return;
    this.#members[place] = last;
    this.#places.set(last, place);
  }
}
