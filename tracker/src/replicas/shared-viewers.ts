import type { Signal, TrackerMessage, UnlinkReason } from '@nearcast/protocol';
import type { Clock } from '../clock.ts';
import { messageText } from '../dialects/message-text.ts';
import { urgencyOf } from '../dialects/nearcast.ts';
import type { Join, RelayOutcome, ViewerDirectory, Welcome } from '../directory/viewer-directory.ts';
import type { Urgency } from '../gateway/outgoing-texts.ts';
import type { Place } from '../locality/place.ts';
import type { ConnectionId, MeasuredLink, ViewerOutbox, ViewerSwarms } from '../swarm/viewer-swarms.ts';
import type { Frame, Introduction, PassedSignal, ToHolder, ToOwner, ViewerCommand } from './frames.ts';
import type { Placement } from './placement.ts';
import type { NodeId } from './rendezvous.ts';
import { Seats } from './seats.ts';
import { SharedViewer } from './shared-viewer.ts';

export interface SharedViewersDeps {
  /** The swarms that this replica keeps. */
  readonly swarms: ViewerSwarms;
  readonly placement: Placement;
  readonly clock: Clock;
  /** To connections of this replica. */
  readonly deliver: (out: ViewerOutbox) => void;
  readonly deliverText: (to: ConnectionId, text: string, urgency: Urgency) => void;
  /** A signal that came from another replica was passed on. */
  readonly relayed: () => void;
  /** One that came from there was for no pair. */
  readonly dropped: () => void;
}

/** A keeper that does not answer by then may be gone: the viewer is greeted without it, ms. */
const WELCOME_WITHIN_MS = 2000;

type ViewerFrame = Extract<Frame, { viewer: string }>;

/** Viewers here, swarms anywhere: each swarm has one keeper, and whoever holds a connection tells it what is said there. */
export class SharedViewers implements ViewerDirectory {
  readonly #deps: SharedViewersDeps;
  readonly #held = new Map<ConnectionId, SharedViewer>();
  readonly #heldById = new Map<string, SharedViewer>();
  readonly #seats = new Seats<string>();

  constructor(deps: SharedViewersDeps) {
    this.#deps = deps;
  }

  viewerAt(connection: ConnectionId): SharedViewer | undefined {
    return this.#held.get(connection);
  }

  heldIn(swarm: string): readonly SharedViewer[] {
    return [...this.#held.values()].filter((viewer) => viewer.swarm === swarm);
  }

  join(
    connection: ConnectionId,
    id: string,
    join: Join,
    place: Place,
    now: number,
    welcome: Welcome,
    out: ViewerOutbox,
  ): void {
    // Its old arc is another's already, and it may get none where it goes.
    if (this.#held.has(connection)) out.push({ to: connection, message: { type: 'duty', arc: null } });
    this.leave(connection, out);
    const viewer = new SharedViewer(connection, id, join, place, now, welcome);
    this.#held.set(connection, viewer);
    this.#heldById.set(id, viewer);
    this.#place(viewer, out);
    if (viewer.welcome) this.#deps.clock.after(WELCOME_WITHIN_MS, () => this.#greet(viewer, 1));
  }

  update(connection: ConnectionId, upload: boolean, dutyBitsPerSecond: number, out: ViewerOutbox): void {
    this.#command(connection, { is: 'update', upload, dutyBitsPerSecond }, out);
  }

  want(connection: ConnectionId, peers: number, out: ViewerOutbox): void {
    this.#command(connection, { is: 'want', peers }, out);
  }

  unlink(connection: ConnectionId, peer: string, because: UnlinkReason): boolean {
    return this.#command(connection, { is: 'unlink', peer, because }, []);
  }

  /** Straight to the replica of the other, if that is known; it knows as well as the keeper who its neighbours are. */
  relay(connection: ConnectionId, to: string, signal: Signal, out: ViewerOutbox): RelayOutcome {
    const viewer = this.#held.get(connection);
    const place = viewer?.placeOf(to);
    if (viewer && place !== undefined) {
      const passed = passedSignal(to, viewer.id, signal);
      if (place === this.#deps.placement.self) return this.#pass(passed) ? 'relayed' : 'no-pair';
      this.#send(place, passed);
      return 'sent-on';
    }
    const told: ViewerOutbox = [];
    const isPair = this.#command(connection, { is: 'signal', to, signal }, told);
    out.push(...told);
    if (told.length > 0) return 'relayed';
    // The replica of the other counts it.
    if (isPair || viewer?.keeper !== undefined) return 'sent-on';
    return this.#deps.placement.isUp ? 'no-pair' : 'alone';
  }

  heard(connection: ConnectionId, links: readonly MeasuredLink[], now: number, out: ViewerOutbox): void {
    const viewer = this.#held.get(connection);
    const told = viewer?.keeper === undefined ? links : viewer.measured(links, now);
    if (told) this.#command(connection, { is: 'heard', links: told }, out);
  }

  leave(connection: ConnectionId, out: ViewerOutbox): void {
    this.#command(connection, { is: 'leave' }, out);
    const viewer = this.#held.get(connection);
    if (!viewer) return;
    viewer.welcome = undefined;
    this.#held.delete(connection);
    this.#heldById.delete(viewer.id);
  }

  /** From another replica. */
  receive(from: NodeId, frame: ViewerFrame): void {
    switch (frame.is) {
      case 'signal':
        if (this.#pass(frame)) this.#deps.relayed();
        else this.#deps.dropped();
        break;
      case 'joined':
      case 'tell':
      case 'introduce':
        this.#hear(from, frame);
        break;
      case 'join':
      case 'moved':
      case 'command':
        this.#serve(from, frame);
        break;
    }
  }

  /**
   * Swarms have other keepers now: viewers are joined there with the neighbours that they have.
   * @param isRenamed this replica has another name, under which nobody knows its viewers
   */
  placementChanged(isRenamed: boolean): void {
    const out: ViewerOutbox = [];
    const moving = [...this.#held.values()].filter((viewer) => {
      const keeper = this.#keeperOf(viewer.swarm);
      return keeper !== viewer.keeper || (isRenamed && keeper !== undefined);
    });
    for (const viewer of this.#held.values()) viewer.forgetPlaces();
    for (const viewer of moving) {
      if (viewer.keeper === undefined) viewer.settle(this.#deps.swarms.standingOf(viewer.connection));
      else if (!isRenamed) this.#send(viewer.keeper, { is: 'moved', viewer: viewer.id });
    }
    this.#forgetMoved();
    for (const viewer of moving) this.#place(viewer, out);
    this.#routeAll(out);
  }

  /** Replicas whose viewers' connections are kept for here. */
  remoteNodes(): NodeId[] {
    return this.#seats.nodes();
  }

  /** This replica is gone, and its viewers with it; `unreachable`: its viewers may be there as ever. */
  evict(node: NodeId, because: 'gone' | 'unreachable'): void {
    const out: ViewerOutbox = [];
    for (const seat of this.#seats.of(node)) {
      if (because === 'gone') this.#deps.swarms.leave(seat, out);
      else this.#deps.swarms.displace(seat, out);
      this.#seats.free(seat);
    }
    this.#routeAll(out);
  }

  #keeperOf(swarm: string): NodeId | undefined {
    const { placement } = this.#deps;
    const owner = placement.ownerOf(swarm);
    return owner === placement.self ? undefined : owner;
  }

  #place(viewer: SharedViewer, out: ViewerOutbox): void {
    const { swarms } = this.#deps;
    const { connection, id, join, place, standing } = viewer;
    viewer.placed(this.#keeperOf(join.swarm), this.#deps.clock.now());
    if (viewer.keeper !== undefined) {
      this.#send(viewer.keeper, { is: 'join', viewer: id, join, place, ...(standing && { standing }) });
      return;
    }
    const told: ViewerOutbox = [];
    swarms.join(connection, id, join, place, viewer.reportedAt, told, standing);
    const { welcome } = viewer;
    viewer.welcome = undefined;
    if (welcome) out.push({ to: connection, message: welcome(swarms.sizeOf(join.swarm)) });
    this.#route(told, out);
  }

  /** @returns whether it had a consequence that is known here */
  #command(connection: ConnectionId, command: ViewerCommand, out: ViewerOutbox): boolean {
    const viewer = this.#held.get(connection);
    if (!viewer) return false;
    viewer.said(command);
    if (viewer.keeper !== undefined) {
      this.#send(viewer.keeper, { is: 'command', viewer: viewer.id, command });
      return command.is === 'unlink';
    }
    const told: ViewerOutbox = [];
    const done = obey(this.#deps.swarms, connection, command, this.#deps.clock.now(), told);
    this.#route(told, out);
    return done;
  }

  #hear(from: NodeId, frame: Extract<ToHolder, { viewer: string }>): void {
    const viewer = this.#heldById.get(frame.viewer);
    // Of two that both think they keep a swarm only one is listened to.
    if (viewer?.keeper !== from) return;
    viewer.settle();
    if (frame.is === 'joined') {
      this.#greet(viewer, frame.viewers);
      return;
    }
    if (frame.is === 'introduce') viewer.introduced(frame.peer, frame.at);
    this.#deps.deliverText(viewer.connection, frame.text, frame.is === 'introduce' ? frame.urgency : 'now');
  }

  #greet(viewer: SharedViewer, viewers: number): void {
    const { welcome, connection } = viewer;
    viewer.welcome = undefined;
    if (welcome) this.#deps.deliver([{ to: connection, message: welcome(viewers) }]);
  }

  #serve(from: NodeId, frame: Extract<ToOwner, { viewer: string }>): void {
    const { swarms } = this.#deps;
    const out: ViewerOutbox = [];
    if (frame.is === 'join') {
      this.#seat(from, frame, out);
    } else {
      const seat = this.#seats.find(from, frame.viewer);
      if (seat === undefined) return;
      if (frame.is === 'moved') swarms.displace(seat, []);
      else this.#obey(seat, frame.command, out);
      if (frame.is === 'moved' || frame.command.is === 'leave') this.#seats.free(seat);
    }
    this.#routeAll(out);
  }

  #obey(seat: ConnectionId, command: ViewerCommand, out: ViewerOutbox): void {
    const { swarms, clock, dropped } = this.#deps;
    const isDone = obey(swarms, seat, command, clock.now(), out);
    if (command.is === 'signal' && !isDone) dropped();
  }

  #seat(from: NodeId, frame: Extract<ToOwner, { is: 'join' }>, out: ViewerOutbox): void {
    const { swarms, clock } = this.#deps;
    const { viewer, join, place, standing } = frame;
    const before = swarms.find(viewer);
    const seat = this.#seats.take(from, viewer);
    if (before && before.connection !== seat) this.#seats.free(before.connection);
    const told: ViewerOutbox = [];
    swarms.join(seat, viewer, join, place, clock.now(), told, standing);
    this.#send(from, { is: 'joined', viewer, viewers: swarms.sizeOf(join.swarm) });
    out.push(...told);
  }

  /** Swarms that others keep now. Their viewers are told by those. */
  #forgetMoved(): void {
    const { swarms } = this.#deps;
    for (const swarm of swarms.names()) {
      if (this.#keeperOf(swarm) === undefined) continue;
      for (const { connection } of swarms.viewersOf(swarm)) this.#seats.free(connection);
      swarms.forget(swarm);
    }
  }

  /** @returns whether there is such a pair, one of which is here */
  #pass({ viewer, from, text }: PassedSignal): boolean {
    const held = this.#heldById.get(viewer);
    if (!held) return false;
    const isPair =
      held.keeper === undefined ? this.#deps.swarms.areLinked(held.connection, from) : held.isLinkedTo(from);
    if (isPair) this.#deps.deliverText(held.connection, text, 'now');
    return isPair;
  }

  /** @param here takes what goes to connections of this replica */
  #route(told: ViewerOutbox, here: ViewerOutbox): void {
    for (const entry of told) {
      const seat = this.#seats.at(entry.to);
      if (seat) this.#send(seat.node, this.#frameFor(seat.name, entry.message));
      else here.push(entry);
    }
  }

  #frameFor(viewer: string, message: TrackerMessage): Frame {
    switch (message.type) {
      case 'signal':
        return passedSignal(viewer, message.from, message.signal);
      case 'introduce':
        return introduction(viewer, message, this.#placeOf(message.peer));
      default:
        return { is: 'tell', viewer, text: messageText(message) };
    }
  }

  /** Of a viewer whose swarm is kept here. */
  #placeOf(id: string): NodeId {
    const viewer = this.#deps.swarms.find(id);
    return (viewer && this.#seats.at(viewer.connection)?.node) ?? this.#deps.placement.self;
  }

  #routeAll(told: ViewerOutbox): void {
    const here: ViewerOutbox = [];
    this.#route(told, here);
    for (const { message } of here) if (message.type === 'signal') this.#deps.relayed();
    if (here.length > 0) this.#deps.deliver(here);
  }

  #send(to: NodeId, frame: Frame): void {
    this.#deps.placement.send(to, frame);
  }
}

function passedSignal(viewer: string, from: string, signal: Signal): PassedSignal {
  const message: TrackerMessage = { type: 'signal', from, signal };
  return { is: 'signal', viewer, from, text: messageText(message) };
}

function introduction(
  viewer: string,
  message: Extract<TrackerMessage, { type: 'introduce' }>,
  at: NodeId,
): Introduction {
  const text = messageText(message);
  return { is: 'introduce', viewer, peer: message.peer, at, urgency: urgencyOf(message), text };
}

/** @returns whether a pair was parted, or a signal passed on */
function obey(
  swarms: ViewerSwarms,
  connection: ConnectionId,
  command: ViewerCommand,
  now: number,
  out: ViewerOutbox,
): boolean {
  switch (command.is) {
    case 'update':
      swarms.update(connection, command.upload, command.dutyBitsPerSecond, out);
      return false;
    case 'want':
      swarms.want(connection, command.peers, out);
      return false;
    case 'unlink':
      return swarms.unlink(connection, command.peer, command.because);
    case 'signal':
      return swarms.relay(connection, command.to, command.signal, out);
    case 'heard':
      swarms.heard(connection, command.links, now, out);
      return false;
    case 'leave':
      swarms.leave(connection, out);
      return false;
  }
}
