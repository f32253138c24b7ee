import type { TrackerMessage } from '@nearcast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ViewerOutbox } from '../swarm/viewer-swarms.ts';
import { nowhere, ViewerSwarms, viewerSwarmsDefaults } from '../swarm/viewer-swarms.ts';
import type { Frame } from './frames.ts';
import { parseLetter, writeLetter } from './letter.ts';
import { type NodeId, ownerOf } from './rendezvous.ts';
import { SharedViewers } from './shared-viewers.ts';

const never = { now: () => 0, after: () => () => undefined };

function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** One replica without sockets and without Redis: what it sends waits in `mail` until the test lets it arrive. */
class Node {
  view: readonly NodeId[];
  readonly swarms: ViewerSwarms;
  readonly viewers: SharedViewers;
  readonly told = new Map<number, TrackerMessage[]>();

  readonly name: NodeId;

  constructor(
    name: NodeId,
    mail: { from: NodeId; to: NodeId; frame: Frame }[],
    nodes: readonly NodeId[],
    random: () => number,
  ) {
    this.name = name;
    this.view = nodes;
    this.swarms = new ViewerSwarms(viewerSwarmsDefaults, random);
    this.viewers = new SharedViewers({
      swarms: this.swarms,
      placement: {
        self: name,
        isUp: true,
        ownerOf: (key) => ownerOf(key, this.view) as NodeId,
        isMember: (node) => this.view.includes(node),
        send: (to, frame) => {
          const arrived = parseLetter(writeLetter({ from: name, frames: [frame] }))?.frames ?? [];
          for (const each of arrived) mail.push({ from: name, to, frame: each });
        },
      },
      clock: never,
      deliver: (out) => this.deliver(out),
      deliverText: (to, text) => this.deliver([{ to, message: JSON.parse(text) }]),
      relayed: () => undefined,
      dropped: () => undefined,
    });
  }

  deliver(out: ViewerOutbox): void {
    for (const { to, message } of out) this.told.set(to, [...(this.told.get(to) ?? []), message]);
  }

  command(run: (out: ViewerOutbox) => void): void {
    const out: ViewerOutbox = [];
    run(out);
    this.deliver(out);
  }
}

const swarms = ['a', 'b', 'c', 'd'];

class World {
  readonly mail: { from: NodeId; to: NodeId; frame: Frame }[] = [];
  readonly nodes = new Map<NodeId, Node>();
  readonly random: () => number;
  #viewers = 0;
  #nodes = 0;

  constructor(seed: number, nodes: number) {
    this.random = seeded(seed);
    for (let count = 0; count < nodes; count++) this.start();
    this.agree();
  }

  get names(): NodeId[] {
    return [...this.nodes.keys()];
  }

  node(pick: number): Node {
    return this.nodes.get(this.names[pick % this.nodes.size] as NodeId) as Node;
  }

  start(): void {
    this.#nodes += 1;
    const name = `node${this.#nodes}`;
    this.nodes.set(name, new Node(name, this.mail, [...this.nodes.keys(), name], this.random));
  }

  kill(pick: number): void {
    if (this.nodes.size > 1) this.nodes.delete(this.node(pick).name);
  }

  /** This one hears who is there. */
  learn(node: Node): void {
    const before = node.view;
    node.view = this.names;
    if (before.join() !== node.view.join()) node.viewers.placementChanged(false);
    for (const remote of node.viewers.remoteNodes())
      if (!node.view.includes(remote)) node.viewers.evict(remote, 'gone');
  }

  /** What was under way arrives late, from the dead too. */
  agree(): void {
    this.arrive(Number.POSITIVE_INFINITY);
    for (const node of this.nodes.values()) this.learn(node);
    this.arrive(Number.POSITIVE_INFINITY);
  }

  /** Lets letters arrive, in order between two replicas and in any order between others. */
  arrive(count: number): void {
    for (let arrived = 0; arrived < count && this.mail.length > 0; arrived++) {
      const pick = this.mail[Math.floor(this.random() * this.mail.length)];
      const first = this.mail.findIndex(({ from, to }) => from === pick?.from && to === pick.to);
      const [letter] = this.mail.splice(first, 1);
      if (letter && 'viewer' in letter.frame) this.nodes.get(letter.to)?.viewers.receive(letter.from, letter.frame);
    }
  }

  join(node: Node, swarm: string): number {
    this.#viewers += 1;
    const connection = this.#viewers;
    const id = `v${connection}`;
    const welcome = (viewers: number) =>
      ({ type: 'welcome', viewer: id, reportEveryMs: 1, viewers, keys: [], iceServers: [] }) as const;
    const join = { type: 'join', swarm, engine: 'swarm', upload: true } as const;
    node.command((out) => node.viewers.join(connection, id, join, nowhere, 0, welcome, out));
    return connection;
  }

  joined(): { node: Node; connection: number }[] {
    return [...this.nodes.values()].flatMap((node) =>
      swarms.flatMap((swarm) => node.viewers.heldIn(swarm).map(({ connection }) => ({ node, connection }))),
    );
  }

  /** Every swarm at one keeper, all its viewers there, one ring of arcs without gap, and every viewer knows its own. */
  check(): void {
    for (const swarm of swarms) {
      const keeper = this.nodes.get(ownerOf(swarm, this.names) as NodeId) as Node;
      const held = [...this.nodes.values()].flatMap((node) =>
        node.viewers.heldIn(swarm).map((viewer) => ({ viewer, told: node.told.get(viewer.connection) ?? [] })),
      );
      for (const node of this.nodes.values()) if (node !== keeper) expect(node.swarms.sizeOf(swarm)).toBe(0);
      const kept = keeper.swarms.viewersOf(swarm);
      expect(kept.map(({ id }) => id).sort()).toEqual(held.map(({ viewer }) => viewer.id).sort());
      const arcs = held.map(({ told }) => {
        expect(told[0]?.type).toBe('welcome');
        expect(told.filter(({ type }) => type === 'welcome').length).toBe(1);
        const duty = told.findLast((message) => message.type === 'duty');
        if (duty?.type !== 'duty' || duty.arc === null) return expect.fail('a viewer without duty');
        return duty.arc;
      });
      expectWholeRing(arcs);
    }
  }
}

function expectWholeRing(arcs: { start: number; width: number }[]): void {
  if (arcs.length === 0) return;
  arcs.sort((a, b) => a.start - b.start);
  expect(arcs.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(1, 9);
  for (const [index, arc] of arcs.slice(1).entries()) {
    const before = arcs[index] as { start: number; width: number };
    expect(arc.start).toBeCloseTo(before.start + before.width, 9);
  }
}

describe('two viewers at different replicas', () => {
  const world = () => {
    const made = new World(1, 3);
    const [a, b] = [made.node(0), made.node(1)];
    const connections = [made.join(a, 'a'), made.join(b, 'a')] as const;
    made.agree();
    made.arrive(1000);
    return { made, a, b, connections };
  };

  test('are introduced, and their signals arrive', () => {
    const { made, a, b, connections } = world();
    const introduced = [a.told.get(connections[0]), b.told.get(connections[1])].map((told) =>
      told?.filter(({ type }) => type === 'introduce'),
    );
    expect(introduced).toMatchObject([[{ peer: 'v2' }], [{ peer: 'v1' }]]);
    const signal = { description: { type: 'offer', sdp: 'v=0' } } as const;
    b.command((out) => b.viewers.relay(connections[1], 'v1', signal, out));
    made.arrive(1000);
    expect(a.told.get(connections[0])?.at(-1)).toEqual({ type: 'signal', from: 'v2', signal });
  });

  test('stay a pair when another replica comes or their keeper goes: nobody is introduced again', () => {
    const { made, a, b, connections } = world();
    const count = () =>
      [a.told.get(connections[0]), b.told.get(connections[1])].map(
        (told) => told?.filter(({ type }) => type === 'introduce').length,
      );
    for (let times = 0; times < 6; times++) {
      made.start();
      made.agree();
      made.check();
    }
    for (const node of [...made.nodes.values()].slice(2)) {
      made.nodes.delete(node.name);
      made.agree();
      made.check();
    }
    expect(count()).toEqual([1, 1]);
    const signal = { candidate: { candidate: '' } } as const;
    a.command((out) => a.viewers.relay(connections[0], 'v2', signal, out));
    made.arrive(1000);
    expect(b.told.get(connections[1])?.at(-1)).toMatchObject({ type: 'signal', from: 'v1' });
  });
});

test('30 viewers over three replicas have one ring', () => {
  const world = new World(2, 3);
  for (let viewer = 0; viewer < 30; viewer++) world.join(world.node(viewer), 'a');
  world.agree();
  world.check();
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('join' as const), pick: fc.nat(99), swarm: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('leave' as const), pick: fc.nat(999) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('update' as const), pick: fc.nat(999) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('arrive' as const), count: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('learn' as const), pick: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('start' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('kill' as const), pick: fc.nat(99) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function run(world: World, given: Step): void {
  switch (given.does) {
    case 'join':
      world.join(world.node(given.pick), swarms[given.swarm] as string);
      break;
    case 'leave':
    case 'update': {
      const all = world.joined();
      const found = all[given.pick % Math.max(1, all.length)];
      if (!found) break;
      const { node, connection } = found;
      if (given.does === 'leave') node.command((out) => node.viewers.leave(connection, out));
      else node.command((out) => node.viewers.update(connection, true, 500_000 + 1000 * given.pick, out));
      break;
    }
    case 'arrive':
      world.arrive(given.count);
      break;
    case 'learn':
      world.learn(world.node(given.pick));
      break;
    case 'start':
      if (world.nodes.size < 6) world.start();
      break;
    case 'kill':
      world.kill(given.pick);
  }
}

test('whatever happens in whatever order: once all agree who is there, each swarm has one keeper and one ring', () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(step, { maxLength: 120 }), (seed, steps) => {
      const world = new World(seed, 3);
      for (const given of steps) run(world, given);
      world.agree();
      world.agree();
      world.check();
    }),
    { numRuns: 300 },
  );
});
