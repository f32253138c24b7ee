import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { type Edge, type EdgeConfig, startEdge } from '../server.ts';

/** A clock that only moves when told. */
export interface StoppedClock {
  now(): number;
  pass(seconds: number): void;
}

export function stoppedClock(): StoppedClock {
  let now = Date.now();
  return {
    now: () => now,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

/** A real edge on free ports, closed when the test ends. */
export async function edgeFor(
  origin: string | readonly string[],
  config: Partial<EdgeConfig> = {},
  clock: { now(): number } = stoppedClock(),
): Promise<Edge> {
  const edge = await startEdge({ origin, port: 0, adminPort: 0, host: '127.0.0.1', ...config }, { clock });
  onTestFinished(() => edge.close());
  return edge;
}

/** An edge in this process or in another. */
export type Ports = Pick<Edge, 'port' | 'adminPort'>;

export function urlOf(edge: Ports, path: string): string {
  return `http://127.0.0.1:${edge.port}${path}`;
}

export function get(edge: Ports, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(urlOf(edge, path), { headers });
}

/** The body of a GET that must end well. */
export async function bodyOf(edge: Ports, path: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await get(edge, path, headers);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** What `X-Cache` says of a GET whose body is read to its end. */
export async function cacheOf(edge: Ports, path: string, headers: Record<string, string> = {}): Promise<string | null> {
  const response = await get(edge, path, headers);
  await response.arrayBuffer();
  return response.headers.get('x-cache');
}

export async function metricsOf(edge: Ports): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text();
}

/** The value of one time series. */
export async function metricOf(edge: Ports, series: string): Promise<number> {
  const line = (await metricsOf(edge)).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}

export async function purge(edge: Ports, prefix: string): Promise<number> {
  const url = `http://127.0.0.1:${edge.adminPort}/cache?prefix=${encodeURIComponent(prefix)}`;
  const response = await fetch(url, { method: 'DELETE' });
  return ((await response.json()) as { purged: number }).purged;
}

/** Sends bytes as they are, for `fetch` would tidy them up, and resolves with all that comes back. */
export async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    answer += piece;
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return answer;
}
