import {
  type LinkReport,
  type ManifestJwk,
  parseManifestJwk,
  type TrackerMessage,
  type ViewerMessage,
} from '@nearcast/protocol';
import type Hls from 'hls.js';
import { loadCompat } from './compat/load.ts';
import type { ResolvedOptions } from './config.ts';
import { webHashing } from './delivery/web-hashing.ts';
import { SwarmEngine, type SwarmEngineConfig, swarmEngineDefaults } from './engine.ts';
import type { EarlySegment } from './hls/early-segments.ts';
import { siteEdgeClient } from './hls/edge-requests.ts';
import { listen } from './hls/listen.ts';
import { watchPlaylists } from './hls/playlist-timeline.ts';
import type { SegmentLoaderConstructor } from './hls/segment-loader.ts';
import { mayUpload } from './may-upload.ts';
import type { Random } from './random.ts';
import type { EngineObserver, SegmentEngine } from './segment-engine.ts';
import { webRtcConnector } from './swarm/webrtc-transport.ts';
import { watchMetered } from './webrtc.ts';
import { workerClock } from './worker-clock.ts';

/** An engine at work for one hls.js instance. */
export interface RunningEngine {
  readonly segments: SegmentEngine;
  /** From the tracker. */
  hear(message: TrackerMessage): void;
  /** Whether there are keys yet to check such segments with. */
  canAdopt(): boolean;
  /** A segment that was loaded without the engine. */
  adopt(segment: EarlySegment): void;
  /** What was exchanged with each peer since this was last asked. */
  takeAccounts(): LinkReport[];
  stop(): void;
}

export interface EngineSurroundings {
  readonly hls: Hls;
  readonly options: ResolvedOptions;
  readonly playlistUrl: string;
  /** How the site itself loads segments. */
  readonly ownLoader: SegmentLoaderConstructor;
  readonly random: Random;
  readonly tellTracker: (message: ViewerMessage) => void;
  readonly observer: EngineObserver;
}

export async function startEngine(given: EngineSurroundings): Promise<RunningEngine> {
  const engine = given.options.engine === 'swarm' ? startSwarm(given) : await startP2PMediaLoader(given);
  const stopWatching = watchPlaylists(given.hls, (rendition) => engine.segments.renditionChanged(rendition));
  return {
    ...engine,
    stop() {
      stopWatching();
      engine.stop();
    },
  };
}

function startSwarm({ hls, options, ownLoader, random, tellTracker, observer }: EngineSurroundings): RunningEngine {
  const clock = workerClock();
  let iceServers: RTCIceServer[] = [];
  const rtc = (): RTCConfiguration => options.rtc ?? { iceServers };
  const engine: SwarmEngine = new SwarmEngine(swarmConfig(options, isLowLatency(hls)), {
    clock,
    random,
    hashing: webHashing(crypto.subtle),
    edge: siteEdgeClient(hls, ownLoader),
    connect: webRtcConnector(rtc, () => engine.poke()),
    tellTracker,
    observer,
  });
  const { trustedKeys } = options;
  if (trustedKeys) engine.trust(trustedKeys.flatMap((key) => parseManifestJwk(key) ?? []));
  const setBitrate = () => {
    engine.bitrate = hls.levels[hls.loadLevel]?.bitrate ?? 0;
  };
  setBitrate();
  const stopListening = listen(hls, { hlsLevelSwitching: setBitrate });
  const unwatchMetered = watchMetered(() => engine.allowUploads(mayUpload(options)));
  return {
    segments: engine,
    hear(message) {
      if (message.type === 'welcome') {
        iceServers = message.iceServers as RTCIceServer[];
        if (!trustedKeys) engine.trust(message.keys as ManifestJwk[]);
      }
      engine.hear(message);
    },
    canAdopt: () => engine.canTrust,
    adopt: ({ request, answer }) => engine.adopt(request, answer),
    takeAccounts: () => engine.takeAccounts(),
    stop() {
      unwatchMetered();
      stopListening();
      engine.destroy();
      clock.stop();
    },
  };
}

/** Margins against hiccups, ms: a low-latency player has not more than a second altogether. */
const LOW_LATENCY_MARGIN_MS = 100;

function swarmConfig(options: ResolvedOptions, lowLatency: boolean): SwarmEngineConfig {
  const { plan, tasks, upload, ...others } = swarmEngineDefaults;
  const { maxBitrate, maxRatio } = options.upload;
  const maxBytesPerSecond = mayUpload(options) ? maxBitrate / 8 : 0;
  const isTight = options.preset === 'low-latency' || (options.preset === 'auto' && lowLatency);
  return {
    ...others,
    plan: isTight ? { ...plan, repairMarginMs: LOW_LATENCY_MARGIN_MS } : plan,
    tasks: isTight ? { ...tasks, appendMarginMs: LOW_LATENCY_MARGIN_MS } : tasks,
    upload: { ...upload, maxBytesPerSecond, maxRatio },
    needsSignature: options.integrity === 'require',
  };
}

function isLowLatency({ config, levels, loadLevel }: Hls): boolean {
  return config.lowLatencyMode && levels[loadLevel]?.details?.partList != null;
}

async function startP2PMediaLoader({
  hls,
  options,
  playlistUrl,
  observer,
}: EngineSurroundings): Promise<RunningEngine> {
  const compat = await loadCompat();
  const engine = await compat.startP2PMediaLoader(hls, options, playlistUrl, observer);
  return {
    segments: engine,
    hear(message) {
      if (message.type === 'welcome') engine.begin({ iceServers: message.iceServers as RTCIceServer[] });
    },
    canAdopt: () => false,
    adopt: () => undefined,
    takeAccounts: () => [],
    stop: () => engine.destroy(),
  };
}
