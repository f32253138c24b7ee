import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRequests } from './plan-requests.ts';
import {
  type Action,
  ASKED_EDGE,
  ASKED_PEER,
  HELD,
  type HoldingsView,
  type PeerView,
  type PlanView,
  planDefaults,
  type SegmentView,
} from './plan-view.ts';

const KIB = 1024;
const wholeRing = { by: 'arc', arc: { start: 0, width: 1 } } as const;
const noDuty = { by: 'arc', arc: null } as const;

function segment(given: Partial<SegmentView> = {}): SegmentView {
  const chunks = given.chunks ?? 4;
  return {
    key: 'k',
    seed: 77,
    chunks,
    chunkBytes: 16 * KIB,
    lastChunkBytes: 16 * KIB,
    state: new Uint8Array(chunks),
    heldChunks: 0,
    learnedAt: 0,
    deadline: 4_000,
    slackMs: 4_000,
    manifest: 'here',
    isComingWhole: false,
    mayAskEdge: true,
    isLive: true,
    duty: noDuty,
    sooner: 0,
    ...given,
  };
}

function held(isFetching: HoldingsView['isFetching'] = () => false): HoldingsView {
  return { bit: 0, knows: () => true, isFetching };
}

/** One who has the same chunks of every segment. */
interface KnownPeer extends PeerView {
  readonly has: readonly number[];
}

function peer(id: string, has: readonly number[], given: Partial<PeerView> = {}): KnownPeer {
  return {
    id,
    has,
    bytesPerMs: 200,
    rttMs: 20,
    queueMs: 0,
    inFlight: 0,
    availableAt: 0,
    isReliable: true,
    holdings: held(),
    ...given,
  };
}

function view(segments: SegmentView[], given: KnownPeer[] = [], now = 0): PlanView {
  const peers = given.map((one, index) => ({ ...one, holdings: { ...one.holdings, bit: 1 << index } }));
  const has = new Int32Array(128);
  for (const { holdings, has: chunks } of peers) {
    for (const chunk of chunks) has[chunk] = (has[chunk] ?? 0) | holdings.bit;
  }
  const edge = { rttMs: 50, bytesPerMs: 1_000, pendingBytes: 0 };
  return { now, segments, peers, holders: () => has, edge, me: 1, earlyShare: 0 };
}

const plan = (given: PlanView): readonly Action[] => planRequests(given, planDefaults, () => 0.5).actions;
const fetched = (actions: readonly Action[]): number[] =>
  actions.flatMap((action) =>
    action.do === 'fetch' ? Array.from({ length: action.end - action.first }, (_, index) => action.first + index) : [],
  );

describe('recordings', () => {
  const [ahead, source] = [peer('ahead', [0]), peer('source', [0, 1, 2])];
  const asked = (deadline: number, sooner: number) =>
    plan(view([segment({ isLive: false, chunks: 3, deadline, sooner })], [ahead, source]))
      .flatMap((action) => (action.do === 'ask-peer' ? [action.chunk] : []))
      .sort();

  test.each([
    ['nobody plays it sooner: all is asked for', 9_000, 0, [0, 1, 2]],
    ['what somebody lacks who plays it sooner is left to them', 9_000, 0b01, [0]],
    ['whoever plays it sooner has all of it: all is asked for', 9_000, 0b10, [0, 1, 2]],
    ['several play it sooner: what any of them lacks is left', 9_000, 0b11, [0]],
    ['when time is short nothing is left to anybody', 2_500, 0b11, [0, 1, 2]],
  ])('%s', (_what, deadline, sooner, chunks) => {
    expect(asked(deadline, sooner)).toEqual(chunks);
  });
});

describe('duty', () => {
  test('rank 0 fetches at once, adjacent chunks in one request', () => {
    const actions = plan(view([segment({ duty: wholeRing })]));
    expect(actions).toMatchObject([{ do: 'fetch', first: 0, end: 4, because: 'duty' }]);
  });

  test('what a peer has is not fetched again; that it is fetching keeps only backups from it', () => {
    const has = peer('a', [0]);
    const fetches = peer('b', [], { holdings: held((_key, chunk) => chunk === 2) });
    expect(fetched(plan(view([segment({ duty: wholeRing })], [has, fetches])))).toEqual([1, 2, 3]);
    const rule = { by: 'election', me: 1, others: [2, 3] } as const;
    const backup = segment({ duty: rule, chunks: 12 });
    const first = fetched(plan(view([backup], [peer('a', [])], 0)));
    const all = peer('b', [], { holdings: held(() => true) });
    expect(fetched(plan(view([backup], [all], 2_800)))).toEqual(first);
  });

  test('the word of a peer that did not keep it counts for nothing', () => {
    const liar = peer('a', [0, 1, 2, 3], { isReliable: false, availableAt: 9_999 });
    expect(fetched(plan(view([segment({ duty: wholeRing })], [liar])))).toEqual([0, 1, 2, 3]);
  });

  test('backups step in after their share of the time, and only for what nobody cares for', () => {
    const rule = { by: 'election', me: 1, others: [2, 3] } as const;
    const mine = (now: number) => fetched(plan(view([segment({ duty: rule, chunks: 12 })], [peer('a', [])], now)));
    const [first, second, third] = [mine(0), mine(2_000), mine(2_800)];
    expect(first.length).toBeLessThan(second.length);
    expect(second.length).toBeLessThan(third.length);
    expect(third).toHaveLength(12);
  });

  test('without a manifest it asks for that first: of the edge when on duty, of whoever knows the segment otherwise', () => {
    const unknown = { chunks: 0, state: new Uint8Array(0), manifest: 'missing' } as const;
    expect(plan(view([segment({ ...unknown, duty: wholeRing })]))).toMatchObject([{ do: 'fetch-manifest' }]);
    const actions = plan(view([segment(unknown)], [peer('far', [], { rttMs: 90 }), peer('near', [], { rttMs: 9 })]));
    expect(actions).toMatchObject([{ do: 'ask-manifest', peer: { id: 'near' } }]);
  });
});

describe('repair', () => {
  test.each([
    ['with time left', 3_000, 0],
    ['when the time left is what the edge needs for two of them', 3_640, 2],
    ['at the deadline', 4_000, 4],
    ['after it', 9_000, 4],
  ])('%s', (_when, now, chunks) => {
    expect(fetched(plan(view([segment()], [], now)))).toHaveLength(chunks);
  });

  test('the plan says when to plan again', () => {
    const { repairDueAt } = planRequests(view([segment()], [], 3_000), planDefaults, () => 0.5);
    expect(repairDueAt).toBeGreaterThan(3_400);
    expect(repairDueAt).toBeLessThan(3_700);
    expect(fetched(plan(view([segment()], [], repairDueAt + 1)))).not.toEqual([]);
  });

  test('what fewest have comes first, what a peer is sending last', () => {
    const state = Uint8Array.from([0, ASKED_PEER, 0, 0]);
    const peers = [peer('a', [0, 1, 2]), peer('b', [0])];
    // Room for all but one.
    const tight = { ...view([segment({ state })], peers), now: 4_000 - planDefaults.repairMarginMs - 10 - 50 - 19 };
    expect(fetched(plan(tight))).toEqual(expect.arrayContaining([3, 2, 0]));
    expect(fetched(plan(tight))).not.toContain(1);
  });

  test('a segment of which nothing is known comes in one request when two trips no longer fit', () => {
    const unknown = segment({ chunks: 0, state: new Uint8Array(0), manifest: 'asked' });
    expect(plan(view([unknown], [], 3_000))).toEqual([]);
    expect(plan(view([unknown], [], 3_700))).toMatchObject([{ do: 'fetch-whole', because: 'repair' }]);
  });

  test('an edge that has failed is not asked', () => {
    expect(plan(view([segment({ mayAskEdge: false, duty: wholeRing })], [], 3_990))).toEqual([]);
  });
});

describe('asking peers', () => {
  test('the rarest chunk first, of whoever will have delivered it first', () => {
    const peers = [peer('slow', [0, 1], { bytesPerMs: 20 }), peer('fast', [0, 1]), peer('third', [1])];
    const asks = plan(view([segment()], peers)).filter((action) => action.do === 'ask-peer');
    expect(asks.map(({ chunk }) => chunk)).toEqual([0, 1]);
    expect(asks[0]).toMatchObject({ chunk: 0, peer: { id: 'fast' } });
  });

  test('what is played soon goes before what is rare', () => {
    const soon = segment({ key: 'soon', deadline: 2_000 });
    const rare = segment({ key: 'rare' });
    const everybody = ['a', 'b', 'c'].map((id) => peer(id, [0, 1, 2, 3]));
    const [first] = plan(view([rare, soon], everybody)).filter((action) => action.do === 'ask-peer');
    expect(first?.segment.key).toBe('soon');
  });

  test.each([
    ['one that said "later"', { availableAt: 100 }],
    ['one that could not make it in time', { bytesPerMs: 1 }],
    ['one whose window is full', { inFlight: 6 }],
  ])('not %s', (_who, given) => {
    expect(plan(view([segment()], [peer('a', [0], given)]))).toEqual([]);
  });
});

describe('whatever the view', () => {
  const chunkStates = fc.constantFrom(0, 0, 0, ASKED_PEER, ASKED_EDGE, HELD);
  const segments = fc
    .record({
      key: fc.string({ minLength: 1, maxLength: 3 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      state: fc.array(chunkStates, { minLength: 1, maxLength: 40 }),
      deadline: fc.integer({ min: -500, max: 9_000 }),
      mayAskEdge: fc.boolean(),
      duty: fc.constantFrom(wholeRing, noDuty, { by: 'election', me: 3, others: [1, 2] } as const),
    })
    .map(({ state, ...given }) =>
      segment({
        ...given,
        chunks: state.length,
        state: Uint8Array.from(state),
        heldChunks: state.filter((bits) => bits === HELD).length,
      }),
    );
  const peers = fc
    .record({
      has: fc.array(fc.integer({ min: 0, max: 39 })),
      bytesPerMs: fc.integer({ min: 1, max: 2_000 }),
      inFlight: fc.integer({ min: 0, max: 8 }),
      availableAt: fc.constantFrom(0, 5_000),
      isReliable: fc.boolean(),
    })
    .map(({ has, ...given }) => peer('p', has, given));
  const views = fc.record({
    segments: fc.uniqueArray(segments, { maxLength: 4, selector: ({ key }) => key }),
    peers: fc.array(peers, { maxLength: 6 }),
    now: fc.integer({ min: 0, max: 6_000 }),
  });

  test('no chunk is fetched that is here or coming from the edge, and none twice', () => {
    fc.assert(
      fc.property(views, ({ segments: wanted, peers: neighbours, now }) => {
        const seen = new Set<string>();
        for (const action of plan(view(wanted, neighbours, now))) {
          if (action.do !== 'fetch') continue;
          for (let chunk = action.first; chunk < action.end; chunk++) {
            expect((action.segment.state[chunk] as number) & (HELD | ASKED_EDGE)).toBe(0);
            expect(seen.has(`${action.segment.key}:${chunk}`)).toBe(false);
            seen.add(`${action.segment.key}:${chunk}`);
            expect(action.segment.mayAskEdge).toBe(true);
          }
        }
      }),
    );
  });

  test('peers are asked only for what they have, within the bounds, and for nothing twice', () => {
    fc.assert(
      fc.property(views, ({ segments: wanted, peers: neighbours, now }) => {
        const asks = plan(view(wanted, neighbours, now)).filter((action) => action.do === 'ask-peer');
        const inFlight = neighbours.reduce((sum, one) => sum + one.inFlight, 0);
        expect(asks.length).toBeLessThanOrEqual(Math.max(0, planDefaults.maxInFlight - inFlight));
        expect(new Set(asks.map((ask) => `${ask.segment.key}:${ask.chunk}`)).size).toBe(asks.length);
        for (const { peer: asked, segment: of, chunk, withinMs } of asks) {
          expect((asked as KnownPeer).has).toContain(chunk);
          expect(asked.availableAt).toBeLessThanOrEqual(now);
          expect(of.state[chunk]).toBe(0);
          expect(withinMs).toBeGreaterThan(0);
        }
        for (const one of new Set(asks.map((ask) => ask.peer))) {
          const more = asks.filter((ask) => ask.peer === one).length;
          expect(one.inFlight + more).toBeLessThanOrEqual(planDefaults.maxPerPeer);
        }
      }),
    );
  });

  test('what is due is never left to peers: at its deadline every missing chunk is on its way from the edge', () => {
    fc.assert(
      fc.property(views, ({ segments: wanted, peers: neighbours }) => {
        const due = wanted.map((one) => ({ ...one, mayAskEdge: true, deadline: 6_000 }));
        const actions = plan(view(due, neighbours, 6_000));
        for (const one of due) {
          const coming = new Set(fetched(actions.filter((action) => action.segment === one)));
          for (let chunk = 0; chunk < one.chunks; chunk++) {
            const bits = one.state[chunk] as number;
            expect(coming.has(chunk) || (bits & (HELD | ASKED_EDGE)) !== 0).toBe(true);
          }
        }
      }),
    );
  });

  test('the same view and the same lots are the same plan', () => {
    fc.assert(
      fc.property(views, ({ segments: wanted, peers: neighbours, now }) => {
        const given = view(wanted, neighbours, now);
        expect(plan(given)).toEqual(plan(given));
      }),
    );
  });
});
