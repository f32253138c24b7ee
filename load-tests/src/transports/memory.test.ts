import { describe, test } from 'vitest';
import { freePackets, HomeLine } from '../simulator/home-line.ts';
import { PeerNetwork } from '../simulator/peer-network.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { VirtualClock } from '../simulator/virtual-clock.ts';
import { type TransportPair, transportPromises } from './peer-transport.contract.ts';

const STEP_MS = 10;
const LONG_MS = 60_000;

function memoryPair(lossShare: number): TransportPair {
  const clock = new VirtualClock();
  const network = new PeerNetwork(
    { siteDelayMs: [1, 2], nearDelayMs: [5, 15], farDelayMs: [30, 60], lossShare },
    clock,
    seededRandom(1),
  );
  const end = () => network.connector({ line: new HomeLine(clock, 5e6, 2e7, freePackets), region: 0, nat: 'open' });
  return {
    ends: [end(), end()],
    async until(holds) {
      while (!holds()) {
        if (clock.now() > LONG_MS) throw new Error('it did not come to pass');
        await clock.advanceTo(clock.now() + STEP_MS);
      }
    },
    settle: () => clock.advanceTo(clock.now() + 5_000),
  };
}

/** The same is asked of WebRTC in a browser: `end-to-end/player.e2e.test.ts`. */
describe.each([0, 0.2])('a connection of the simulator, of which %d is lost once', (lossShare) => {
  test.each(transportPromises)('$says', ({ check }) => check(memoryPair(lossShare)));
});
