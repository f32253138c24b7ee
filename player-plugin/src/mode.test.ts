import { expect, test } from 'vitest';
import { decideMode, type ModeView, maySwarm } from './mode.ts';

const sharing: ModeView = {
  destroyed: false,
  consent: 'granted',
  enabled: true,
  hasWebRtc: true,
  canVerify: true,
  blocked: false,
  isAuthorised: true,
  engine: 'ready',
  tracker: 'connected',
  connectedPeers: 2,
};

test.each<[Partial<ModeView>, string, RegExp | undefined, boolean]>([
  [{}, 'swarm', undefined, true],
  [{ connectedPeers: 0 }, 'edge-only', /no peers yet/, true],
  [{ connectedPeers: 0, tracker: 'unreachable' }, 'edge-only', /tracker cannot be reached/, true],
  [{ tracker: 'unreachable' }, 'swarm', undefined, true],
  [{ hasWebRtc: false }, 'edge-only', /no WebRTC/, false],
  [{ isAuthorised: false }, 'edge-only', /another token/, false],
  [{ engine: 'failed' }, 'edge-only', /engine/, false],
  [{ consent: 'pending' }, 'edge-only', /waiting for consent/, false],
  [{ consent: 'denied' }, 'off', /did not consent/, false],
  [{ enabled: false }, 'off', /switched off/, false],
  [{ badOptions: 'tracker is missing' }, 'off', /tracker is missing/, false],
  [{ destroyed: true }, 'off', /destroyed/, false],
  [{ enabled: false, consent: 'denied' }, 'off', /did not consent/, false],
])('%o → %s', (change, mode, reason, may) => {
  const view = { ...sharing, ...change };
  const decision = decideMode(view);
  expect(decision.mode).toBe(mode);
  if (reason) expect(decision.reason).toMatch(reason);
  else expect(decision.reason).toBeUndefined();
  expect(maySwarm(view)).toBe(may);
});
