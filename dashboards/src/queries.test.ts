import { startEdge } from '@nearcast/origin-proxy';
import { startTracker } from '@nearcast/tracker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsIn, panelQueries, ruleQueries } from './queries.ts';
import { readRules } from './rules.ts';

const loopback = { port: 0, host: '127.0.0.1', adminPort: 0 };
let tracker: Awaited<ReturnType<typeof startTracker>>;
let edge: Awaited<ReturnType<typeof startEdge>>;
let declared: ReadonlySet<string>;

/** A service names all its metrics, also those that count nothing yet. */
async function declaredAt(adminPort: number): Promise<string[]> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}

beforeAll(async () => {
  // What is declared with --redis, whether there is one or not.
  tracker = await startTracker({ ...loopback, redis: 'redis://127.0.0.1:1' });
  edge = await startEdge({ ...loopback, origin: 'http://127.0.0.1:9' });
  const recorded = readRules().flatMap((rule) => ('record' in rule ? [rule.record] : []));
  const services = [...(await declaredAt(tracker.adminPort)), ...(await declaredAt(edge.adminPort))];
  // `up` is Prometheus' own.
  declared = new Set([...recorded, ...services, 'up']);
});

afterAll(async () => {
  await tracker.close();
  await edge.close();
});

describe('every metric that is asked for exists', () => {
  test.each([...panelQueries(), ...ruleQueries()])('$asker', ({ expr }) => {
    const named = metricsIn(expr);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !declared.has(name))).toEqual([]);
  });
});

test('names are found in queries: not those in strings, histograms without their suffix', () => {
  expect(metricsIn('rate(nearcast_a_bucket{x="nearcast_b"}[5m]) / nearcast:c:rate5m > up')).toEqual([
    'nearcast_a',
    'nearcast:c:rate5m',
    'up',
  ]);
});
