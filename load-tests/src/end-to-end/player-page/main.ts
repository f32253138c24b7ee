import { attachP2P, type P2POptions, type P2PSession } from '@nearcast/player-plugin';
import { browserClock, webRtcConnector } from '@nearcast/player-plugin/engine';
import { downloadFileP2P, type FileDownload, type FileP2POptions } from '@nearcast/player-plugin/files';
import { manifestUrl, parseTrackerMessage, SIGNALLING_SUBPROTOCOL } from '@nearcast/protocol';
import Hls, { type HlsConfig } from 'hls.js';
import { type HostileKind, HostileViewer } from '../../simulator/hostile-viewer.ts';
import { type TransportPair, transportPromises } from '../../transports/peer-transport.contract.ts';

/** What tests do with this page: a site's own, with hls.js in its hands. */
export interface PlayerPage {
  hls: Hls | undefined;
  session: P2PSession | undefined;
  file: FileDownload | undefined;
  errors: string[];
  rejected: string[];
  play(playlistUrl: string, options: P2POptions, config?: Partial<HlsConfig>): void;
  download(fileUrl: string, options: FileP2POptions): void;
  /** Adds this parameter to every request, as sites do that sign their URLs. */
  signWith(name: string): Partial<HlsConfig>;
  /** Whether this browser's connections keep what the swarm takes for granted. @returns the promise and what broke it */
  checkTransport(says: string): Promise<string>;
  harm(kind: HostileKind, trackerUrl: string, playlistUrl: string, swarm: string): Promise<void>;
}

declare global {
  interface Window {
    player: PlayerPage;
  }
}

function webRtcPair(): TransportPair {
  const connect = webRtcConnector(
    () => ({}),
    () => undefined,
  );
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return {
    ends: [connect, connect],
    async until(holds) {
      for (const until = performance.now() + 15_000; !holds(); await pause(5)) {
        if (performance.now() > until) throw new Error('it did not come to pass');
      }
    },
    settle: () => pause(700),
  };
}

window.player = {
  hls: undefined,
  session: undefined,
  file: undefined,
  errors: [],
  rejected: [],
  play(playlistUrl, options, config = {}) {
    const hls = new Hls(config);
    this.hls = hls;
    hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
      if (fatal) this.errors.push(details);
    });
    hls.loadSource(playlistUrl);
    hls.attachMedia(document.querySelector('video') as HTMLVideoElement);
    this.session = attachP2P(hls, options);
    this.session.on('peerRejected', ({ reason }) => this.rejected.push(reason));
  },
  download(fileUrl, options) {
    this.file = downloadFileP2P(fileUrl, { ...options, save: false });
  },
  signWith: (name) => ({
    xhrSetup(xhr, url) {
      xhr.open('GET', `${url}${url.includes('?') ? '&' : '?'}${name}=1`, true);
    },
  }),
  async checkTransport(says) {
    const promise = transportPromises.find((one) => one.says === says);
    try {
      await promise?.check(webRtcPair());
      return promise ? 'kept' : 'unknown';
    } catch (error) {
      return String(error);
    }
  },
  async harm(kind, trackerUrl, playlistUrl, swarm) {
    const playlist = await (await fetch(playlistUrl)).text();
    const urls = playlist
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => new URL(line, playlistUrl).href);
    const bytesOf = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const segments = await Promise.all(
      urls.map(async (url, number) => ({
        number,
        url,
        body: await bytesOf(url),
        manifest: await bytesOf(manifestUrl(url)),
      })),
    );
    const socket = new WebSocket(trackerUrl, SIGNALLING_SUBPROTOCOL);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const viewer = new HostileViewer(kind, {
      clock: browserClock,
      stream: { segment: (number) => segments[number] as (typeof segments)[number] },
      connect: webRtcConnector(
        () => ({ iceServers: [] }),
        () => undefined,
      ),
      tellTracker: (message) => socket.send(JSON.stringify(message.type === 'join' ? { ...message, swarm } : message)),
      newest: () => segments.length - 1,
    });
    socket.addEventListener('message', ({ data }) => {
      const message = parseTrackerMessage(data);
      if (message) viewer.hear(message);
    });
    viewer.join();
  },
};
