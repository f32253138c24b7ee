import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReportTallies } from '../metrics/report-tallies.ts';
import { Reporter } from './reporter.ts';

const newReporter = () => new Reporter({} as ReportTallies);
const link = (peer: string, rttMs?: number) => ({
  peer,
  receivedBytes: 1,
  sentBytes: 0,
  ...(rttMs === undefined ? {} : { rttMs }),
});

describe('the neighbours that a report names', () => {
  test('are the same ones each time, in whatever order they come', () => {
    const report = fc.array(fc.constantFrom('ann', 'bob', 'eve', 'joe', 'sue'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 8 }), (reports) => {
        const reporter = newReporter();
        const received = new Map<string, number>();
        for (const names of reports) {
          const named = reporter.named(names.map((name) => link(name)));
          expect(named.map(({ name }) => name)).toEqual(names);
          for (const neighbour of named) {
            neighbour.receivedBytes += 1;
            received.set(neighbour.name, (received.get(neighbour.name) ?? 0) + 1);
          }
        }
        for (const [name, bytes] of received) expect(reporter.receivedFrom(name)).toBe(bytes);
      }),
    );
  });

  test('are forgotten when many newer ones were named', () => {
    const reporter = newReporter();
    for (let peer = 0; peer < 200; peer++)
      for (const neighbour of reporter.named([link(`peer ${peer}`)])) neighbour.receivedBytes = 5;
    const known = Array.from({ length: 200 }, (_, peer) => reporter.receivedFrom(`peer ${peer}`));
    expect(known.filter((bytes) => bytes > 0)).toHaveLength(128);
    expect(known.slice(72)).not.toContain(0);
  });
});

test('round trips are noted once for each neighbour, and then one with every fourth report, in turn', () => {
  const reporter = newReporter();
  const report = (...names: string[]) => {
    const links = names.map((name) => link(name, 20));
    reporter.named(links);
    return reporter.measured(links).map(({ peer }) => peer);
  };
  expect(report('ann', 'bob')).toEqual(['ann', 'bob']);
  expect(report('ann', 'bob', 'eve')).toContain('eve');
  const later = Array.from({ length: 12 }, () => report('ann', 'bob', 'eve'));
  expect(Math.max(...later.map(({ length }) => length))).toBe(1);
  expect(later.flat().sort()).toEqual(['ann', 'bob', 'eve']);
  const unmeasured = [link('joe')];
  reporter.named(unmeasured);
  expect(reporter.measured(unmeasured)).toEqual([]);
});
