import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, portOf } from '@nearcast/service-kit';
import { onTestFinished } from 'vitest';

/** What this uses of the public suite (https://cache-tests.fyi), which has no types. */
type Handle = (segments: string[], request: IncomingMessage, response: ServerResponse) => void;
interface SuiteTest {
  readonly id: string;
  readonly requests: readonly { readonly disconnect?: boolean }[];
}
type Results = Readonly<Record<string, true | readonly [name: string, message: string]>>;

async function part<T>(file: string): Promise<T> {
  return (await import(`http-cache-tests/${file}`)) as T;
}

/** Its origin: answers each test as the test says. */
export async function startSuiteOrigin(): Promise<string> {
  const handlers: Readonly<Record<string, { default: Handle }>> = {
    config: await part('server/handle-config.mjs'),
    state: await part('server/handle-state.mjs'),
    test: await part('server/handle-test.mjs'),
  };
  const { configs } = await part<{ configs: Map<string, SuiteTest['requests']> }>('server/utils.mjs');
  const dropped = new Set<string>();
  const server = createServer((request, response) => {
    const [what = '', ...segments] = (request.url ?? '').slice(1).split(/[/?]/);
    const number = Number(request.headers['req-num']);
    // Having dropped a connection, it would take the repeated request (RFC 9110 §9.2.2) for the next one of the test.
    const repeated = `${segments[0]} ${number}`;
    if (what === 'test' && dropped.has(repeated)) return void response.destroy();
    if (configs.get(segments[0] ?? '')?.[number - 1]?.disconnect) dropped.add(repeated);
    return handlers[what]?.default(segments, request, response);
  });
  await listen(server, 0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

/** Runs every test that is not about browsers against a cache. */
export async function runSuite(cacheUrl: string, originUrl: string): Promise<Results> {
  const { runTests, getResults } = await part<{
    runTests(tests: unknown, fetch: unknown, isBrowser: boolean, base: string, atOnce: number): Promise<void>;
    getResults(): Results;
  }>('client/runner.mjs');
  const { default: tests } = await part<{ default: unknown }>('tests/index.mjs');
  // How the tests are set up and what came of them is not for the cache.
  const ask = (url: string, init: RequestInit) =>
    fetch(/\/(?:config|state)\//.test(url) ? url.replace(cacheUrl, originUrl) : url, init);
  await runTests(tests, ask, false, cacheUrl, 150);
  return getResults();
}
