import { attachP2P } from '@nearcast/player-plugin';
import Hls from 'hls.js';
import { HlsJsP2PEngine } from 'p2p-media-loader-hlsjs';
import type { ViewerSample, ViewerTask } from '../viewer-sample.ts';

type Note = (event: string, details?: object) => void;

export type Exchange = Pick<
  ViewerSample,
  'edgeBytes' | 'peerBytes' | 'uploadedBytes' | 'discardedBytes' | 'connectedPeers'
>;

/** A player, and what its engine says of the exchange. */
export interface Viewer {
  readonly hls: Hls;
  /** @param deliveredBytes for an engine that has no figures of its own */
  exchange(deliveredBytes: number): Exchange;
}

export function makeViewer(task: ViewerTask, note: Note): Viewer {
  switch (task.engine) {
    case 'none':
      return plain();
    case 'swarm':
      return nearcast(task, 'swarm', note);
    case 'p2p-media-loader-compat':
      return nearcast(task, 'p2p-media-loader', note);
    case 'p2p-media-loader':
      return p2pMediaLoader(task, liveWindows(task), note);
    case 'p2p-media-loader-default':
      return p2pMediaLoader(task, {}, note);
  }
}

function plain(): Viewer {
  const nothing = { peerBytes: 0, uploadedBytes: 0, discardedBytes: 0, connectedPeers: 0 };
  return { hls: new Hls(), exchange: (deliveredBytes) => ({ ...nothing, edgeBytes: deliveredBytes }) };
}

function nearcast(task: ViewerTask, engine: 'swarm' | 'p2p-media-loader', note: Note): Viewer {
  const hls = new Hls();
  const session = attachP2P(hls, { tracker: task.trackerUrl, engine, trustedKeys: [...task.trustedKeys] });
  session.on('segmentDelivered', ({ url, bytes, from }) => note('delivered', { url, bytes, from }));
  session.on('peerConnected', ({ peer }) => note('peer-connected', { peer }));
  session.on('peerDisconnected', ({ peer }) => note('peer-disconnected', { peer }));
  session.on('peerRejected', ({ peer, reason }) => note('peer-rejected', { peer, reason }));
  session.on('modeChanged', ({ mode, reason }) => note('mode', { mode, reason }));
  session.on('warning', ({ reason, message }) => note('warning', { reason, message }));
  return { hls, exchange: () => session.stats };
}

/**
 * With its own 15 s of high demand this library takes all of a 12 s playlist from the edge; with these windows it
 * shares the most that we have seen it share. On demand its defaults are the best.
 */
function liveWindows({ playlistUrl }: ViewerTask): { highDemandTimeWindow?: number; httpDownloadTimeWindow?: number } {
  return playlistUrl.includes('/live/') ? { highDemandTimeWindow: 3, httpDownloadTimeWindow: 6 } : {};
}

function p2pMediaLoader(task: ViewerTask, windows: object, note: Note): Viewer {
  const counted = { edgeBytes: 0, peerBytes: 0, uploadedBytes: 0, discardedBytes: 0 };
  const peers = new Set<string>();
  const HlsWithP2P = HlsJsP2PEngine.injectMixin(Hls);
  const hls = new HlsWithP2P({
    p2p: {
      // Its default asks a third party's STUN servers, which a benchmark must not.
      core: { announceTrackers: [task.trackerUrl], rtcConfig: { iceServers: [] }, ...windows },
      onHlsJsCreated({ p2pEngine }) {
        p2pEngine.addEventListener('onChunkDownloaded', (bytes, source) => {
          if (source === 'p2p') counted.peerBytes += bytes;
          else counted.edgeBytes += bytes;
        });
        p2pEngine.addEventListener('onChunkUploaded', (bytes) => {
          counted.uploadedBytes += bytes;
        });
        p2pEngine.addEventListener('onSegmentLoaded', ({ segmentUrl, downloadSource }) =>
          note('delivered', { url: segmentUrl, from: downloadSource === 'p2p' ? 'peers' : 'edge' }),
        );
        p2pEngine.addEventListener('onPeerConnect', ({ peerId }) => {
          peers.add(peerId);
          note('peer-connected', { peer: peerId });
        });
        p2pEngine.addEventListener('onPeerClose', ({ peerId }) => {
          peers.delete(peerId);
          note('peer-disconnected', { peer: peerId });
        });
      },
    },
  });
  return { hls, exchange: () => ({ ...counted, connectedPeers: peers.size }) };
}
