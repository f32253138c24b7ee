import { type AskedQuery, panelQueries, ruleFiles, ruleQueries } from '@nearcast/dashboards/queries';
import { type Demo, startDemo } from '@nearcast/demo';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium, openViewer } from '../browsers/chromium.ts';
import { type Prometheus, startPrometheus } from '../prometheus/start-prometheus.ts';
import { playFor } from './demo-page.ts';

const freePorts = { port: 0, trackerPort: 0, edgePort: 0, trackerAdminPort: 0, edgeAdminPort: 0 };
let browser: Browser;
let demo: Demo;
let prometheus: Prometheus;

beforeAll(async () => {
  browser = await launchChromium();
  demo = await startDemo(freePorts);
  prometheus = await startPrometheus(
    [
      { job: 'nearcast-tracker', port: demo.trackerAdminPort },
      { job: 'nearcast-edge', port: demo.edgeAdminPort },
    ],
    ruleFiles,
  );
  // A start that was counted before the first scrape is no increase to Prometheus.
  await vi.waitFor(async () => expect(await prometheus.countSeries('up == 1')).toBe(2), { timeout: 30_000 });
}, 60_000);

afterAll(async () => {
  await browser.close();
  await prometheus.close();
  await demo.close();
});

/** Those without an answer at this moment. */
async function unanswered(queries: readonly AskedQuery[]): Promise<AskedQuery[]> {
  const counts = await Promise.all(queries.map(({ expr }) => prometheus.countSeries(expr)));
  return queries.filter((_, index) => counts[index] === 0);
}

test('with a few viewers, every panel and every recorded rule has data', { timeout: 180_000 }, async () => {
  for (let viewer = 0; viewer < 3; viewer++) {
    const { page } = await openViewer(browser);
    await page.goto(`${demo.url}?stream=live`);
    await playFor(page, 0.5, 30_000);
  }
  // A whole stay is counted when it is over, if it lasted for half a minute.
  const leaver = await openViewer(browser);
  await leaver.page.goto(`${demo.url}?stream=live`);
  const hasLeft = playFor(leaver.page, 42, 100_000).then(() => leaver.page.close({ runBeforeUnload: true }));
  const queries = [...panelQueries(), ...ruleQueries()];
  const wanted = queries.filter(({ emptyInHealth }) => emptyInHealth === undefined);
  expect(wanted.length).toBeGreaterThan(50);
  let missing: readonly AskedQuery[] = wanted;
  await vi.waitFor(
    async () => {
      // What happens once, such as a start, is seen for a minute only.
      missing = await unanswered(missing);
      expect(missing.map(({ asker }) => asker)).toEqual([]);
    },
    { timeout: 120_000, interval: 1_000 },
  );
  await hasLeft;
  // The others need no answer, but Prometheus must understand them.
  await unanswered(queries.filter(({ emptyInHealth }) => emptyInHealth !== undefined));
});
