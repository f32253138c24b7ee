import { createServer } from 'node:http';
import { sampleOrigin } from '@nearcast/demo/sample-origin';
import { startEdge } from '@nearcast/origin-proxy';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { startTracker } from '@nearcast/tracker';
import express from 'express';
import { fetchMetrics, metricSum } from '../prometheus/metrics.ts';
import type { Mode } from './config.ts';

/** Everything that a viewer talks to, fresh for one arm, on free ports of this machine. */
export interface Services {
  readonly pageUrl: string;
  readonly trackerUrl: string;
  readonly playlistUrl: (mode: Mode) => string;
  readonly trustedKeys: readonly JsonWebKey[];
  edgeBytes(): Promise<EdgeBytes>;
  close(): Promise<void>;
}

/** Body bytes that the edge has handed to viewers so far. */
export interface EdgeBytes {
  readonly segments: number;
  readonly manifests: number;
}

const host = '127.0.0.1';
const anyPorts = { port: 0, adminPort: 0, host };
/** WebTorrent clients meet those who came after them when they announce again: favourable to them, as in the demo. */
const ANNOUNCE_SECONDS = 20;

export async function startServices(mediaFolder: string, builtPage: string): Promise<Services> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const origin = sampleOrigin({ folder: mediaFolder });
    await listen(origin, 0, host);
    closers.push(() => closeServer(origin, 0));
    const edge = await startEdge({ origin: `http://${host}:${portOf(origin)}`, ...anyPorts });
    closers.push(() => edge.close());
    const tracker = await startTracker({ announceInterval: ANNOUNCE_SECONDS, ...anyPorts });
    closers.push(() => tracker.close());
    const site = createServer(express().disable('x-powered-by').use(express.static(builtPage)));
    await listen(site, 0, host);
    closers.push(() => closeServer(site, 0));
    const edgeUrl = `http://${host}:${edge.port}`;
    const { keys } = await (await fetch(`${edgeUrl}/.well-known/nearcast/keys.json`)).json();
    return {
      pageUrl: `http://${host}:${portOf(site)}/`,
      trackerUrl: `ws://${host}:${tracker.port}`,
      playlistUrl: (mode) => `${edgeUrl}/${mode}/master.m3u8`,
      trustedKeys: keys,
      edgeBytes: async () => {
        const metrics = await fetchMetrics(edge.adminPort);
        const sent = (kind: string) => metricSum(metrics, 'nearcast_edge_sent_bytes_total', `kind="${kind}"`);
        return { segments: sent('segment'), manifests: sent('manifest') };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
