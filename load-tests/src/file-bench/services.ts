import { createServer } from 'node:http';
import { startEdge } from '@nearcast/origin-proxy';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { startTracker } from '@nearcast/tracker';
import express from 'express';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';

/** Everything that a viewer of files talks to, fresh for one arm, on free ports of this machine. */
export interface Services {
  readonly pageUrl: string;
  readonly trackerUrl: string;
  readonly fileUrl: string;
  /** Body bytes that the edge has sent so far. */
  edgeBytes(): Promise<number>;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const anyPorts = { port: 0, adminPort: 0, host };

/** @param folder what the origin has at `/files/` */
export async function startServices(folder: string, builtPage: string, fileName: string): Promise<Services> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  const serve = async (path: string, root: string) => {
    const server = createServer(express().disable('x-powered-by').use(path, express.static(root)));
    await listen(server, 0, host);
    closers.push(() => closeServer(server, 0));
    return portOf(server);
  };
  try {
    const origin = `http://${host}:${await serve('/files', folder)}`;
    const edge = await startEdge({ origin, torrentPrefix: ['/files/'], ...anyPorts });
    closers.push(() => edge.close());
    const tracker = await startTracker(anyPorts);
    closers.push(() => tracker.close());
    const fileUrl = `http://${host}:${edge.port}/files/${fileName}`;
    await untilHashed(`${fileUrl}.torrent`);
    return {
      pageUrl: `http://${host}:${await serve('/', builtPage)}/`,
      trackerUrl: `ws://${host}:${tracker.port}`,
      fileUrl,
      edgeBytes: async () => metricSum(await fetchMetrics(edge.adminPort), 'nearcast_edge_sent_bytes_total'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every arm begins with a file that the edge has in its cache. @throws {Error} when the edge refuses it */
async function untilHashed(torrentUrl: string): Promise<void> {
  for (;;) {
    const response = await fetch(torrentUrl);
    if (response.ok) return;
    if (response.status !== 503) throw new Error(`${response.status} ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
