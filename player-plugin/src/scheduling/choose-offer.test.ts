import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseOffer, type OfferPeer, type OfferSegment } from './choose-offer.ts';

const CHUNK = new Uint8Array(16);

interface Neighbour extends OfferPeer {
  readonly id: string;
}

function peer(
  id: string,
  has: readonly number[],
  { until = 4_000, fetching = [] }: { until?: number | null; fetching?: readonly number[] } = {},
): Neighbour {
  const flags = new Uint8Array(64);
  for (const chunk of has) flags[chunk] = 1;
  return {
    id,
    wishesUntil: () => until ?? undefined,
    flags: () => flags,
    isFetching: (_key, chunk) => fetching.includes(chunk),
  };
}

function segment(held: readonly number[], key = 'k', chunks = 4): OfferSegment {
  return { key, chunks: Array.from({ length: chunks }, (_, chunk) => (held.includes(chunk) ? CHUNK : undefined)) };
}

const choose = (segments: readonly OfferSegment[], peers: readonly Neighbour[], random = () => 0.5, sendingMs = 100) =>
  chooseOffer({ now: 1_000, segments, peers, sendingMs: () => sendingMs }, random);

describe('what is offered', () => {
  test('is what the fewest neighbours have or are sent', () => {
    const peers = [peer('a', [0, 1]), peer('b', [0], { fetching: [1] }), peer('c', [])];
    expect(choose([segment([0, 1, 2])], peers)).toMatchObject({ chunk: 2 });
    expect(choose([segment([0, 1])], peers)).toMatchObject({ peer: { id: 'c' } });
  });

  test.each([
    ['who does not want it', peer('a', [], { until: null })],
    ['who has it', peer('a', [0])],
    ['who is sent it already', peer('a', [], { fetching: [0] })],
    ['who would have it too late', peer('a', [], { until: 1_050 })],
  ])('goes not to one %s', (_who, only) => {
    expect(choose([segment([0])], [only])).toBeUndefined();
  });

  test('goes to each of those who lack it now and then', () => {
    let lot = 1;
    const random = () => {
      lot = (lot * 16_807) % 2_147_483_647;
      return lot / 2_147_483_647;
    };
    const peers = ['a', 'b', 'c'].map((id) => peer(id, []));
    const takers = Array.from({ length: 60 }, () => choose([segment([0, 1])], peers, random));
    expect(new Set(takers.map((offer) => offer?.peer.id))).toEqual(new Set(['a', 'b', 'c']));
    expect(new Set(takers.map((offer) => offer?.chunk))).toEqual(new Set([0, 1]));
  });
});

test('whatever the view, an offer is something that is here, for one who lacks it and wants it, and nothing rarer was left', () => {
  const chunkNumbers = fc.array(fc.nat(7), { maxLength: 8 });
  const peers = fc.array(
    fc.record({ has: chunkNumbers, fetching: chunkNumbers, until: fc.constantFrom(null, 500, 1_050, 4_000) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(
      peers,
      chunkNumbers,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (given, held, lots) => {
        const neighbours = given.map(({ has, ...wish }, index) => peer(String(index), has, wish));
        const offer = choose([segment(held, 'k', 8)], neighbours, () => lots.next().value as number);
        const lacks = (one: Neighbour, chunk: number) => !one.flags('k')?.[chunk] && !one.isFetching('k', chunk, 1_000);
        const takes = (one: Neighbour, chunk: number) => lacks(one, chunk) && (one.wishesUntil('k') ?? 0) >= 1_100;
        const copies = (chunk: number) => neighbours.filter((one) => !lacks(one, chunk)).length;
        const possible = held.filter((chunk) => neighbours.some((one) => takes(one, chunk)));
        expect(offer === undefined).toBe(possible.length === 0);
        if (!offer) return;
        expect(takes(offer.peer, offer.chunk)).toBe(true);
        expect(copies(offer.chunk)).toBe(Math.min(...possible.map(copies)));
      },
    ),
  );
});
