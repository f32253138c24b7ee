import type { Place } from '../locality/place.ts';
import type { Random } from '../random.ts';
import { addTo, Cell, deleteFrom } from './cell.ts';
import { DrawPool } from './draw-pool.ts';
import type { Viewer } from './viewer.ts';

/** A cell with less than this share of the largest size moves in with another, where there is room. */
const TOO_SMALL = 1 / 4;
/** So full it may be afterwards: not so that the next few would split it again. */
const FULL_AFTER_MERGE = 3 / 4;

/** So many change their cell at once. Of more, a few do with each who comes or goes: a large cell is not divided in one pause. */
const MOST_AT_ONCE = 64;
const AT_A_TIME = 16;

/** Viewers changed their cell together. */
export interface Move {
  readonly viewers: readonly Viewer[];
  readonly from: Cell;
  readonly to: Cell;
}

/** Viewers who are to change their cell, from the last on. */
interface Relocation {
  readonly from: Cell;
  readonly to: Cell;
  readonly waiting: Viewer[];
  readonly atATime: number;
}

/**
 * The cells of one region of a swarm: one, until it is full; then it is divided, so that those of a city or a network stay
 * together. Joins and leaves cost the same however many cells there are; a division is paid for by the joins since the last.
 */
export class RegionCells {
  readonly #maxSize: number;
  readonly #random: Random;
  readonly #cells = new DrawPool<Cell>();
  /** Where a LAN lives: it is not to be torn apart. */
  readonly #cellOfLan = new Map<string, Cell>();
  /** Where there is anybody of a city, or of a network where no city is known. */
  readonly #cellsOfPart = new Map<string, DrawPool<Cell>>();
  readonly #partSizes = new Map<Cell, Map<string, number>>();
  /** Under way: the first until it is done, then the next. */
  readonly #relocations: Relocation[] = [];

  constructor(maxSize: number, random: Random) {
    this.#maxSize = maxSize;
    this.#random = random;
  }

  get cells(): readonly Cell[] {
    return this.#cells.all;
  }

  /** @returns who had to make room, if that was needed */
  add(viewer: Viewer): Move | undefined {
    const cell = this.#cellFor(viewer.place);
    this.#put(viewer, cell);
    if (cell.size > this.#maxSize && !this.#isChanging(cell)) this.#divide(cell);
    return this.#goOn();
  }

  /** @returns who moved in with others, as too few were left */
  delete(viewer: Viewer): Move | undefined {
    const { cell } = viewer;
    if (!cell) return undefined;
    this.#take(viewer, cell);
    if (cell.size > 0 && cell.size < TOO_SMALL * this.#maxSize && !this.#isChanging(cell)) this.#moveIn(cell);
    return this.#goOn();
  }

  #cellFor(place: Place): Cell {
    const lan = this.#cellOfLan.get(place.lan);
    if (lan) return lan;
    const part = partOf(place);
    const candidates = this.#cellsOfPart.get(part);
    // Of two drawn the one with more of the same part, so that parts gather; of strangers' cells the emptier.
    const [one, other] = [this.#draw(candidates ?? this.#cells), this.#draw(candidates ?? this.#cells)];
    if (!one || !other) return new Cell();
    const prefersOne = candidates ? this.#sizeOf(one, part) >= this.#sizeOf(other, part) : one.size <= other.size;
    return prefersOne ? one : other;
  }

  #divide(cell: Cell): void {
    const viewers = inOrder(cell.viewers);
    const moving = viewers.slice(cutOf(viewers)).map(({ viewer }) => viewer);
    this.#relocate(moving, cell, new Cell());
  }

  #moveIn(cell: Cell): void {
    const others = Array.from({ length: 4 }, () => this.#draw(this.#cells)).filter((other) => other !== cell);
    const to = others.find((other) => other && other.size + cell.size <= FULL_AFTER_MERGE * this.#maxSize);
    if (to && !this.#isChanging(to)) this.#relocate([...cell.viewers], cell, to);
  }

  #relocate(waiting: Viewer[], from: Cell, to: Cell): void {
    const atATime = waiting.length <= MOST_AT_ONCE ? waiting.length : AT_A_TIME;
    this.#relocations.push({ from, to, waiting, atATime });
  }

  #isChanging(cell: Cell): boolean {
    return this.#relocations.some(({ from, to }) => from === cell || to === cell);
  }

  #goOn(): Move | undefined {
    const [relocation] = this.#relocations;
    if (!relocation) return undefined;
    const { from, to, waiting, atATime } = relocation;
    const viewers = new Set<Viewer>();
    for (const viewer of waiting.splice(-atATime)) {
      // It may have left in the meantime.
      if (viewer.cell !== from) continue;
      viewers.add(viewer);
      // Others have come to its LAN since, if this takes a while.
      const mates = waiting.length > 0 ? from.inLan(viewer.place.lan) : [];
      if (mates.length <= AT_A_TIME) for (const mate of mates) viewers.add(mate);
    }
    if (waiting.length === 0) this.#relocations.shift();
    const moving = [...viewers];
    this.#move(moving, from, to);
    return { viewers: moving, from, to };
  }

  #move(viewers: readonly Viewer[], from: Cell, to: Cell): void {
    for (const viewer of viewers) this.#take(viewer, from);
    for (const viewer of viewers) this.#put(viewer, to);
  }

  #put(viewer: Viewer, cell: Cell): void {
    const { lan } = viewer.place;
    const part = partOf(viewer.place);
    this.#cells.add(cell);
    cell.add(viewer);
    if (lan !== '' && !this.#cellOfLan.has(lan)) this.#cellOfLan.set(lan, cell);
    const sizes = this.#partSizes.get(cell) ?? new Map<string, number>();
    this.#partSizes.set(cell, sizes.set(part, (sizes.get(part) ?? 0) + 1));
    addTo(this.#cellsOfPart, part, cell);
  }

  #take(viewer: Viewer, cell: Cell): void {
    const { lan } = viewer.place;
    const part = partOf(viewer.place);
    cell.delete(viewer);
    if (this.#cellOfLan.get(lan) === cell && cell.inLan(lan).length === 0) this.#cellOfLan.delete(lan);
    const left = this.#sizeOf(cell, part) - 1;
    if (left > 0) this.#partSizes.get(cell)?.set(part, left);
    else {
      this.#partSizes.get(cell)?.delete(part);
      deleteFrom(this.#cellsOfPart, part, cell);
    }
    if (cell.size > 0) return;
    this.#cells.delete(cell);
    this.#partSizes.delete(cell);
  }

  #sizeOf(cell: Cell, part: string): number {
    return this.#partSizes.get(cell)?.get(part) ?? 0;
  }

  #draw(pool: DrawPool<Cell>): Cell | undefined {
    return pool.all[Math.floor(this.#random() * pool.size)];
  }
}

function partOf({ city, network }: Place): string {
  return city === '' ? network : city;
}

interface Placed {
  readonly viewer: Viewer;
  readonly part: string;
  readonly lan: string;
}

/** Those of a part side by side, and those of a LAN, which counts as of one part even if it has several. */
function inOrder(viewers: readonly Viewer[]): Placed[] {
  const partOfLan = new Map<string, string>();
  const placed = viewers.map((viewer) => {
    const { lan } = viewer.place;
    const part = (lan === '' ? undefined : partOfLan.get(lan)) ?? partOf(viewer.place);
    partOfLan.set(lan, part);
    return { viewer, part, lan };
  });
  return placed.sort((a, b) => compare(a.part, b.part) || compare(a.lan, b.lan));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : +(a > b);
}

/** Where to cut a sorted cell in two: between two parts if that leaves a third on each side, else between two LANs. */
function cutOf(viewers: readonly Placed[]): number {
  const middle = Math.floor(viewers.length / 2);
  const reach = Math.floor(viewers.length / 6);
  for (const kind of ['part', 'lan'] as const) {
    const isBorder = (at: number) => viewers[at - 1]?.[kind] !== viewers[at]?.[kind];
    for (let away = 0; away < reach; away++) {
      if (isBorder(middle + away)) return middle + away;
      if (isBorder(middle - away)) return middle - away;
    }
  }
  return middle;
}
