import { describe, expect, test } from 'vitest';
import type { BinaryId, Offer, TorrentCommand } from '../dialects/webtorrent.ts';
import { type Outbox, TorrentSwarms } from './torrent-swarms.ts';

type Announce = Extract<TorrentCommand, { is: 'announce' }>;

const id = (name: string) => name.padEnd(20, '.') as BinaryId;
const offers = (count: number, from: string): Offer[] =>
  Array.from({ length: count }, (_, index) => ({
    offerId: id(`${from}-offer-${index}`),
    offer: { type: 'offer', sdpJson: `"sdp of ${from} ${index}"` },
  }));

function announce(peer: string, more: Partial<Announce> = {}): Announce {
  return {
    is: 'announce',
    infoHash: id('stream'),
    peerId: id(peer),
    event: 'present',
    seeder: false,
    offers: [],
    wanted: 10,
    ...more,
  };
}

function answer(from: string, to: string, offerId: BinaryId) {
  return {
    is: 'answer',
    infoHash: id('stream'),
    peerId: id(from),
    toPeerId: id(to),
    offerId,
    answer: { type: 'answer', sdpJson: `"answer of ${from}"` },
  } as const;
}

/** A repeatable stand-in for chance (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function swarms() {
  const config = { announceIntervalSeconds: 120, maxSwarmsPerConnection: 3 };
  const state = new TorrentSwarms(config, seeded(7));
  const tell = (connection: number, command: Announce, now = 0): Outbox => {
    const out: Outbox = [];
    state.announce(connection, command, now, out);
    return out;
  };
  return { state, tell };
}

describe('announce', () => {
  test('is answered with interval and counts', () => {
    const { tell } = swarms();
    tell(1, announce('a', { seeder: true }));
    const [reply] = tell(2, announce('b'));
    expect(reply).toEqual({
      to: 2,
      reply: { action: 'announce', interval: 120, info_hash: id('stream'), complete: 1, incomplete: 1 },
    });
  });

  test('passes each offer to one other peer, never to its sender', () => {
    const { tell } = swarms();
    for (let peer = 0; peer < 8; peer++) tell(peer, announce(`p${peer}`));
    const relayed = tell(3, announce('p3', { offers: offers(5, 'p3') })).filter(({ reply }) => 'offer' in reply);
    expect(relayed).toHaveLength(5);
    expect(new Set(relayed.map(({ to }) => to)).size).toBe(5);
    expect(relayed.some(({ to }) => to === 3)).toBe(false);
  });

  test.each([
    ['more offers than others', 5, 10, 3],
    ['numwant below the offers', 5, 2, 2],
    ['numwant 0', 5, 0, 0],
    ['no offers', 0, 10, 0],
  ])('%s: %i offers, numwant %i → %i relayed', (_, offered, wanted, relayed) => {
    const { tell } = swarms();
    for (const peer of ['b', 'c', 'd']) tell(peer.charCodeAt(0), announce(peer));
    const out = tell(1, announce('a', { offers: offers(offered, 'a'), wanted }));
    expect(out.filter(({ reply }) => 'offer' in reply)).toHaveLength(relayed);
  });

  test('reaches every other peer equally often', () => {
    const { tell } = swarms();
    for (let peer = 0; peer < 5; peer++) tell(peer, announce(`p${peer}`));
    const hits = new Map<number, number>();
    for (let round = 0; round < 4000; round++) {
      const out = tell(2, announce('p2', { offers: offers(1, `round${round}`) }));
      for (const { to, reply } of out) if ('offer' in reply) hits.set(to, (hits.get(to) ?? 0) + 1);
    }
    expect([...hits.keys()].sort()).toEqual([0, 1, 3, 4]);
    for (const count of hits.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('of an unknown peer without `started` is a start (stock clients reconnect so)', () => {
    const { state, tell } = swarms();
    tell(1, announce('a', { event: 'present' }));
    expect(state.peerCount).toBe(1);
  });

  test('of a known peer_id from another connection is refused and changes nothing', () => {
    const { state, tell } = swarms();
    tell(1, announce('a'));
    for (const event of ['present', 'stopped', 'completed'] as const) {
      const [refused] = tell(2, announce('a', { event }));
      expect(refused?.reply).toHaveProperty('failure reason');
    }
    expect(state.peerCount).toBe(1);
    const relayed = tell(3, announce('b', { offers: offers(1, 'b') })).find(({ reply }) => 'offer' in reply);
    expect(relayed?.to).toBe(1);
  });

  test('is refused beyond the swarms that one connection may be in', () => {
    const { state, tell } = swarms();
    for (let swarm = 0; swarm < 5; swarm++) tell(1, announce('a', { infoHash: id(`stream${swarm}`) }));
    expect(state.swarmCount).toBe(3);
  });

  test('stopped is answered and removes the peer; an empty swarm is forgotten', () => {
    const { state, tell } = swarms();
    tell(1, announce('a'));
    expect(tell(1, announce('a', { event: 'stopped' }))[0]?.reply).toMatchObject({ complete: 0, incomplete: 0 });
    expect([state.peerCount, state.swarmCount]).toEqual([0, 0]);
  });
});

describe('answer', () => {
  function offered() {
    const { state, tell } = swarms();
    tell(1, announce('a'));
    const relayed = tell(2, announce('b', { offers: offers(1, 'b') })).find(({ reply }) => 'offer' in reply);
    const give = (connection: number, command: ReturnType<typeof answer>, now = 0): Outbox => {
      const out: Outbox = [];
      state.answer(connection, command, now, out);
      return out;
    };
    return { state, relayed, give, offerId: id('b-offer-0') };
  }

  test('goes to the peer that made the offer, once', () => {
    const { relayed, give, offerId } = offered();
    expect(relayed?.to).toBe(1);
    expect(give(1, answer('a', 'b', offerId))).toEqual([
      {
        to: 2,
        reply: {
          action: 'announce',
          info_hash: id('stream'),
          peer_id: id('a'),
          offer_id: offerId,
          answer: { type: 'answer', sdpJson: '"answer of a"' },
        },
      },
    ]);
    expect(give(1, answer('a', 'b', offerId))).toEqual([]);
  });

  test.each([
    ['to an offer that was never relayed', 1, answer('a', 'b', id('another')), 0],
    ['from a connection that is not the peer', 3, answer('a', 'b', id('b-offer-0')), 0],
    ['from the offerer itself', 2, answer('b', 'b', id('b-offer-0')), 0],
    ['after the offer lapsed', 1, answer('a', 'b', id('b-offer-0')), 61_000],
  ])('%s is dropped', (_, connection, command, now) => {
    expect(offered().give(connection, command, now)).toEqual([]);
  });

  test('to a peer that has gone is dropped', () => {
    const { state, give, offerId } = offered();
    state.disconnect(2);
    expect(give(1, answer('a', 'b', offerId))).toEqual([]);
  });
});

test('scrape counts the named swarms', () => {
  const { state, tell } = swarms();
  tell(1, announce('a', { event: 'completed' }));
  tell(2, announce('b'));
  const out: Outbox = [];
  state.scrape(3, { is: 'scrape', infoHashes: [id('stream'), id('nobody')] }, out);
  expect(out[0]?.reply).toEqual({
    action: 'scrape',
    files: {
      [id('stream')]: { complete: 1, incomplete: 1, downloaded: 1 },
      [id('nobody')]: { complete: 0, incomplete: 0, downloaded: 0 },
    },
  });
});

test('a closed connection takes all its peers and swarms along', () => {
  const { state, tell } = swarms();
  tell(1, announce('a'));
  tell(1, announce('a2'));
  tell(1, announce('a', { infoHash: id('audio') }));
  tell(2, announce('b'));
  state.disconnect(1);
  expect([state.peerCount, state.swarmCount]).toEqual([1, 1]);
});

test('a peer that stops announcing is forgotten after two intervals', () => {
  const { state, tell } = swarms();
  tell(1, announce('a'), 0);
  tell(2, announce('b'), 200_000);
  state.expire(240_001);
  expect(state.peerCount).toBe(1);
});
