import { startEdge } from '@nearcast/origin-proxy';
import { closeServer, failureSentence, listen, portOf } from '@nearcast/service-kit';
import { startTracker } from '@nearcast/tracker';
import { type DemoConfig, defaults } from './config.ts';
import { sampleOrigin } from './sample-origin.ts';
import { buildConsole, buildPage, site } from './site.ts';

export interface Demo {
  readonly url: string;
  readonly trackerPort: number;
  readonly trackerAdminPort: number;
  readonly edgePort: number;
  readonly edgeAdminPort: number;
  /** Ends the tracker alone, as a crash would. */
  killTracker(): Promise<void>;
  close(): Promise<void>;
}

/** @throws {Error} with one sentence that names the part and, for a busy port, the flag that moves it */
export async function startDemo(given: Partial<DemoConfig> = {}): Promise<Demo> {
  const config = { ...defaults, ...given };
  const { host } = config;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  async function part<T>(name: string, start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      await close();
      throw new Error(`${name}: ${failureSentence(error)}${flagsFor(error, config)}`, { cause: error });
    }
  }

  const origin = sampleOrigin();
  await part('origin', () => listen(origin, 0, '127.0.0.1'));
  closers.push(() => closeServer(origin, 0));
  const edge = await part('edge', () =>
    startEdge({
      origin: `http://127.0.0.1:${portOf(origin)}`,
      port: config.edgePort,
      host,
      adminPort: config.edgeAdminPort,
      ...(config.signingKey !== undefined && { signingKey: [config.signingKey] }),
    }),
  );
  closers.push(() => edge.close());
  await part('console', buildConsole); // before the tracker looks for it
  const tracker = await part('tracker', () =>
    startTracker({
      port: config.trackerPort,
      host,
      adminPort: config.trackerAdminPort,
      announceInterval: 20,
      reportInterval: 2,
      manifestKeys: `http://127.0.0.1:${edge.port}/.well-known/nearcast/keys.json`,
      edgeAdmin: [`http://127.0.0.1:${edge.adminPort}`],
    }),
  );
  closers.push(() => tracker.close());
  const { port: trackerPort, adminPort: trackerAdminPort } = tracker;
  const { port: edgePort, adminPort: edgeAdminPort } = edge;
  const ports = { trackerPort, trackerAdminPort, edgePort, edgeAdminPort };
  const web = site(ports);
  await part('page', async () => {
    await buildPage();
    await listen(web, config.port, host);
  });
  closers.push(() => closeServer(web, 0));
  return { ...ports, url: `http://localhost:${portOf(web)}`, killTracker: () => tracker.close(), close };
}

const portFlags = {
  port: '--port',
  trackerPort: '--tracker-port',
  edgePort: '--edge-port',
  trackerAdminPort: '--tracker-admin-port',
  edgeAdminPort: '--edge-admin-port',
} as const;

function flagsFor(error: unknown, config: DemoConfig): string {
  const { port } = error as { port?: number };
  const found = Object.entries(portFlags).find(
    ([name]) => port !== undefined && config[name as keyof DemoConfig] === port,
  );
  return found ? ` (npm start -- ${found[1]} <number>)` : '';
}
