import type { Clock } from '../clock.ts';
import type { Bus, BusEvents } from './bus.ts';
import type { Frame } from './frames.ts';
import { parseLetter } from './letter.ts';
import { Mail } from './mail.ts';
import type { Placement } from './placement.ts';
import { type NodeId, ownerOf } from './rendezvous.ts';

export interface ReplicaEvents {
  received(from: NodeId, frame: Frame): void;
  /** Swarms have other keepers now. `isRenamed`: nobody knows this replica's connections under its present name. */
  placementChanged(isRenamed: boolean): void;
  /** Replicas whose connections are still kept for. */
  remoteNodes(): NodeId[];
  evict(node: NodeId, because: 'gone' | 'unreachable'): void;
  /** A letter came. */
  opened(frames: number): void;
  sent(frames: number): void;
  lost(frames: number): void;
  blockedChanged(): void;
  /** The first time, and each time that it comes back. */
  joined(): void;
  /** @param because what is wrong with Redis */
  alone(because: string): void;
}

/** A third of the lease, ms. */
const BEAT_EVERY_MS = 1000;
/** Cut off for so long, a replica goes on alone, ms; until then it hopes. */
const ALONE_AFTER_MS = 3000;
/** The viewers of a replica that is gone are waited for, ms: they, or their swarm's new keeper, may know better. */
const EVICT_AFTER_MS = 2000;

type State = 'joining' | 'member' | 'broken' | 'alone';

/** This replica among the others: keeps its lease, knows who is there, and goes on alone when it is cut off. */
export class Replica implements Placement {
  readonly #clock: Clock;
  readonly #newName: () => NodeId;
  readonly #events: ReplicaEvents;
  readonly bus: Bus;
  readonly #mail: Mail;
  readonly #owners = new Map<string, NodeId>();
  readonly #absentSince = new Map<NodeId, number>();
  #self: NodeId;
  #nodes: readonly NodeId[];
  #state: State = 'joining';
  #brokenAt: number;
  #isBeating = false;
  #beatsAgain = false;
  #cancelBeat: () => void = () => undefined;
  #isClosed = false;

  constructor(openBus: (events: BusEvents) => Bus, clock: Clock, newName: () => NodeId, events: ReplicaEvents) {
    this.#clock = clock;
    this.#newName = newName;
    this.#events = events;
    this.#self = newName();
    this.#nodes = [this.#self];
    this.#brokenAt = clock.now();
    this.bus = openBus({
      mail: (text) => this.#open(text),
      membersChanged: () => void this.beat(),
      blockedChanged: () => events.blockedChanged(),
      broken: () => this.#broke(),
    });
    this.#mail = new Mail(this.bus, () => this.#self, clock, {
      sent: (frames) => events.sent(frames),
      lost: (frames) => events.lost(frames),
      unreachable: (node) => void this.bus.end(node).catch(() => undefined),
      broken: () => this.#broke(),
    });
  }

  get self(): NodeId {
    return this.#self;
  }

  /** Replicas that there are, this one included. */
  get size(): number {
    return this.#nodes.length;
  }

  isMember(node: NodeId): boolean {
    return this.#nodes.includes(node);
  }

  /** Whether it is one of them, as far as it knows. */
  get isUp(): boolean {
    return this.#state === 'member';
  }

  ownerOf(key: string): NodeId {
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    const owner = ownerOf(key, this.#nodes) ?? this.#self;
    // Swarms come and go: what is remembered of those that are gone must not pile up.
    if (this.#owners.size > 100_000) this.#owners.clear();
    this.#owners.set(key, owner);
    return owner;
  }

  send(to: NodeId, frame: Frame): void {
    this.#mail.send(to, frame);
  }

  /** Renews the lease now, and from then on again and again. */
  async beat(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#isBeating) {
      this.#beatsAgain = true;
      return;
    }
    this.#isBeating = true;
    this.#cancelBeat();
    await (this.#state === 'member' ? this.#renew() : this.#come());
    this.#isBeating = false;
    if (this.#isClosed) return;
    this.#evictAbsent();
    this.#cancelBeat = this.#clock.after(this.#beatsAgain ? 0 : BEAT_EVERY_MS, () => void this.beat());
    this.#beatsAgain = false;
  }

  /** Others take over what it kept, at once. */
  async leave(): Promise<void> {
    this.#isClosed = true; // a beat would renew the lease
    this.#cancelBeat();
    await this.bus.end(this.#self).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelBeat();
    this.bus.close();
  }

  async #renew(): Promise<void> {
    try {
      const nodes = await this.bus.beat(this.#self);
      if (!nodes.includes(this.#self)) this.#broke();
      else if (this.#state === 'member') this.#adopt(nodes, false);
    } catch {
      this.#broke();
    }
  }

  /** Under a new name: what was sent to the old one may be lost, and everybody sees at once that this is so. */
  async #come(): Promise<void> {
    const former = this.#self;
    const name = this.#newName();
    try {
      await this.bus.listen(name);
      const nodes = await this.bus.beat(name, former);
      if (this.#isClosed) return;
      if (!nodes.includes(name)) throw new Error('what is sent to this replica does not arrive');
      this.#self = name;
      this.#state = 'member';
      this.#adopt(nodes, true);
      this.#events.joined();
    } catch {
      this.#goOnAlone();
    }
  }

  #goOnAlone(): void {
    if (this.#state === 'alone' || this.#isClosed || this.#clock.now() - this.#brokenAt < ALONE_AFTER_MS) return;
    this.#state = 'alone';
    this.#adopt([this.#self], false);
    this.#events.alone(this.bus.problem());
  }

  #broke(): void {
    if (this.#state !== 'member' || this.#isClosed) return;
    this.#state = 'broken';
    this.#brokenAt = this.#clock.now();
    // Whoever is introduced to them now would wait for nothing.
    for (const node of this.#events.remoteNodes()) this.#events.evict(node, 'unreachable');
  }

  #adopt(nodes: readonly NodeId[], isRenamed: boolean): void {
    const sorted = [...nodes].sort();
    if (!isRenamed && sorted.join() === this.#nodes.join()) return;
    this.#nodes = sorted;
    this.#owners.clear();
    this.#events.placementChanged(isRenamed);
  }

  #evictAbsent(): void {
    if (this.#state !== 'member') return;
    const now = this.#clock.now();
    const absent = this.#events.remoteNodes().filter((node) => !this.#nodes.includes(node));
    for (const node of this.#absentSince.keys()) if (!absent.includes(node)) this.#absentSince.delete(node);
    for (const node of absent) {
      const since = this.#absentSince.get(node) ?? now;
      this.#absentSince.set(node, since);
      if (now - since >= EVICT_AFTER_MS) this.#events.evict(node, 'gone');
    }
  }

  #open(text: string): void {
    const letter = parseLetter(text);
    if (!letter) return;
    this.#events.opened(letter.frames.length);
    for (const frame of letter.frames) this.#events.received(letter.from, frame);
  }
}
