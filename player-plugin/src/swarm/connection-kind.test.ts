import { describe, expect, test } from 'vitest';
import { connectionKindOf } from './connection-kind.ts';

const candidate = (id: string, candidateType: string) => ({ id, type: `${id}-candidate`, candidateType });
const report = (...stats: { readonly id: string }[]) => new Map(stats.map((stat) => [stat.id, stat])) as RTCStatsReport;
const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'used' };
const pair = (id: string, more: object = {}) => ({
  id,
  type: 'candidate-pair',
  localCandidateId: 'local',
  remoteCandidateId: 'remote',
  ...more,
});

describe('the kind of a connection is that of its farther end', () => {
  test.each([
    ['host', 'host', 'host'],
    ['host', 'srflx', 'srflx'],
    ['prflx', 'host', 'prflx'],
    ['srflx', 'prflx', 'srflx'],
    ['relay', 'srflx', 'relay'],
    ['host', 'relay', 'relay'],
  ])('%s and %s: %s', (local, remote, kind) => {
    const ends = [candidate('local', local), candidate('remote', remote)];
    expect(connectionKindOf(report(transport, pair('used'), ...ends))).toBe(kind);
  });
});

test('Firefox marks the pair itself', () => {
  const others = pair('other', { localCandidateId: 'nothing' });
  const ends = [candidate('local', 'host'), candidate('remote', 'srflx')];
  expect(connectionKindOf(report(others, pair('mine', { selected: true }), ...ends))).toBe('srflx');
});

test.each([
  ['no pair is in use', [transport]],
  ['an end is missing', [transport, pair('used'), candidate('local', 'host')]],
  ['there is nothing', []],
])('%s: it is not known', (_, stats) => {
  expect(connectionKindOf(report(...stats))).toBeUndefined();
});
