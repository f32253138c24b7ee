import { freePackets } from './home-line.ts';
import type { WorldConfig } from './world.ts';

const MBIT = 1_000_000;
const BITRATE = 1.12 * MBIT;

/** Uplinks as multiples of the bitrate: a third cannot carry half the stream, some carry it three times. */
function mixed(_viewer: number, random: () => number): number {
  const lot = random();
  if (lot < 0.3) return (0.5 / 3) * BITRATE;
  return (lot < 0.8 ? 1.2 : 3) * BITRATE;
}

/** The eight lines of the browser benchmark's mixed case, over and over. */
const homeLines = [0.4, 0.4, 1.4, 1.4, 1.4, 1.4, 3.5, 3.5];

/** Rates are those of the payload, as in the design's simulation: headers are not counted. */
const three = { regions: 3, packets: freePackets, joinEveryMs: 10, bitsPerSecond: BITRATE };

export interface Scenario {
  readonly is: string;
  readonly config: Partial<WorldConfig>;
}

/** What `npm run sim` can play. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  live: { is: 'live, uplinks of 1.2 × the bitrate, three regions', config: { ...three, uplink: () => 1.2 * BITRATE } },
  mixed: { is: 'live, uplinks of 0.17, 1.2 and 3 × the bitrate, three regions', config: { ...three, uplink: mixed } },
  scarce: {
    is: 'live, uplinks of 0.7 × the bitrate, three regions',
    config: { ...three, uplink: () => 0.7 * BITRATE },
  },
  home: {
    is: 'live, the home lines of the browser benchmark with their packet headers',
    config: { uplink: (viewer) => (homeLines[viewer % homeLines.length] as number) * MBIT, joinEveryMs: 500 },
  },
  vod: { is: 'a recording, joins three seconds apart', config: { live: false, joinEveryMs: 3_000, seconds: 120 } },
  churn: {
    is: 'live, viewers stay for half a minute on average',
    config: { ...three, uplink: () => 2 * BITRATE, meanStaySeconds: 30 },
  },
  exodus: {
    is: 'live, half of the viewers leave at once',
    config: { ...three, uplink: () => 2 * BITRATE, exodus: { atSeconds: 30, share: 0.5 } },
  },
  lossy: { is: 'live, one message in fifty is lost once', config: { uplink: () => 2 * MBIT, lossShare: 0.02 } },
  nat: {
    is: 'live, a third of the viewers behind symmetric NATs',
    config: { uplink: () => 2 * MBIT, nat: (random) => (random() < 0.33 ? 'symmetric' : 'restricted') },
  },
  'edge-away': {
    is: 'live, the edge is away for six seconds',
    config: { uplink: () => 3 * MBIT, edgeAway: { fromSeconds: 40, toSeconds: 46 } },
  },
  'tracker-away': {
    is: 'live, the tracker goes away and stays away',
    config: { uplink: () => 3 * MBIT, trackerAway: { fromSeconds: 30, toSeconds: 10_000 } },
  },
};
