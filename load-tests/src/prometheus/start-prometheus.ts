import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../../../scripts/programs.js';

export interface PrometheusTarget {
  readonly job: string;
  readonly port: number;
}

export interface Prometheus {
  /** How many series answer a query at this moment. @throws {Error} when Prometheus does not understand it */
  countSeries(query: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * A real Prometheus on loopback that asks the targets and evaluates the rules once per second.
 * @throws {Error} when there is none; `npm test` installs one where it can
 */
export async function startPrometheus(
  targets: readonly PrometheusTarget[],
  ruleFiles: readonly string[],
): Promise<Prometheus> {
  const program = programs.prometheus?.find();
  if (program === undefined) throw new Error('no Prometheus found: node scripts/install.mjs prometheus');
  const folder = await mkdtemp(join(tmpdir(), 'nearcast-prometheus-'));
  const config = join(folder, 'prometheus.json');
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: targets.map(({ job, port }) => ({
        job_name: job,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      })),
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const flags = { 'config.file': config, 'storage.tsdb.path': join(folder, 'data'), 'web.listen-address': address };
  const child = spawn(
    program,
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  };
  const countSeries = async (query: string) => {
    const response = await fetch(`http://${address}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query }),
    });
    const answer = (await response.json()) as Answer;
    if (answer.status === 'error') throw new Error(`${answer.error}: ${query}`);
    return answer.data.result.filter(({ value: [, number] }) => number !== 'NaN').length;
  };
  return { countSeries, close };
}

type Answer =
  | { readonly status: 'error'; readonly error: string }
  | { readonly status: 'success'; readonly data: { readonly result: readonly { readonly value: [number, string] }[] } };

/** Prometheus does not say which port it got when it is asked for any. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
