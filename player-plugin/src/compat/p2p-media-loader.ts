import type { ByteRange } from '@nearcast/protocol';
import type Hls from 'hls.js';
import {
  Core,
  type CoreConfig,
  type CoreRequestError,
  generateStreamShortId,
  type Segment,
  type SegmentResponse,
  type Stream,
} from 'p2p-media-loader-core';
import { browserClock } from '../clock.ts';
import type { ResolvedOptions } from '../config.ts';
import { mayUpload } from '../may-upload.ts';
import type {
  DeliveredSegment,
  EngineObserver,
  Playhead,
  Rendition,
  SegmentDelivery,
  SegmentEngine,
  SegmentRequest,
  TimelineSegment,
} from '../segment-engine.ts';
import { announceUrls } from '../signalling/announce-url.ts';
import { LateEngine } from './late-engine.ts';
import { renditionTraits } from './rendition-traits.ts';
import { siteRequest } from './site-request.ts';

/** A tracker that has not welcomed this viewer by then may speak the WebTorrent dialect alone, ms. */
const ICE_SERVERS_WITHIN_MS = 5_000;
const PATIENCE_MS = 8_000;

/**
 * Starts the library's engine for an hls.js instance whose multivariant playlist is parsed. The library takes no other ICE
 * servers once it has begun: unless the site names some, it begins when the tracker has.
 */
export async function startP2PMediaLoader(
  hls: Hls,
  options: ResolvedOptions,
  playlistUrl: string,
  observer: EngineObserver,
): Promise<LateEngine<RTCConfiguration>> {
  const { swarm, rtc } = options;
  const token = await options.token().catch(() => undefined);
  const config: Omit<P2PMediaLoaderConfig, 'rtc'> = {
    trackers: announceUrls(options.trackers, token),
    swarm,
    playlistUrl,
    mayUpload: mayUpload(options),
    renditions: renditionTraits(hls),
    siteRequest: (url, range, signal) => siteRequest(hls.config, url, range, signal),
  };
  const late = new LateEngine<RTCConfiguration>(
    (found) => new P2PMediaLoaderEngine({ ...config, rtc: found }, observer),
    {
      clock: browserClock,
      waitMs: ICE_SERVERS_WITHIN_MS,
      otherwise: { iceServers: [] },
      patienceMs: PATIENCE_MS,
    },
  );
  if (rtc) late.begin(rtc);
  return late;
}

/** What this library makes the name of a rendition's swarm from. */
export interface RenditionTraits {
  readonly url: string;
  readonly kind: Rendition['kind'];
  readonly bitrate: number;
  readonly codecs?: string | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly frameRate?: string | undefined;
  readonly videoRange?: string | undefined;
  readonly language?: string | undefined;
  readonly channels?: string | undefined;
  readonly name?: string | undefined;
}

export interface P2PMediaLoaderConfig {
  readonly trackers: readonly string[];
  /** The site's own name for the swarm; the multivariant playlist's URL names it otherwise. */
  readonly swarm: string | undefined;
  readonly playlistUrl: string;
  readonly mayUpload: boolean;
  readonly rtc: RTCConfiguration;
  readonly renditions: readonly RenditionTraits[];
  /** The request that the site would make itself, with its headers and credentials. */
  readonly siteRequest: (url: string, range: string | undefined, signal: AbortSignal) => Promise<Request>;
}

/**
 * Windows for a live playlist, in seconds. With the library's own 15 s of high demand a playlist of 12 s lies wholly
 * inside, everything comes from the edge and nothing is shared; with these, 78–85 % is (measured with 8 viewers).
 */
const liveWindows = { highDemandTimeWindow: 3, httpDownloadTimeWindow: 6 };

const vodWindows = {
  highDemandTimeWindow: Core.DEFAULT_STREAM_CONFIG.highDemandTimeWindow,
  httpDownloadTimeWindow: Core.DEFAULT_STREAM_CONFIG.httpDownloadTimeWindow,
};

/**
 * p2p-media-loader behind our port. It takes whole segments from one peer each, keeps one swarm per rendition and
 * verifies nothing; it is here for sites whose viewers are in its swarms already.
 */
export class P2PMediaLoaderEngine implements SegmentEngine {
  readonly patienceMs: number = PATIENCE_MS;
  readonly #core: Core;
  readonly #observer: EngineObserver;
  readonly #peers = new Set<string>();
  readonly #sources = new Map<string, 'peers' | 'edge'>();
  #windows = vodWindows;

  constructor(config: P2PMediaLoaderConfig, observer: EngineObserver) {
    this.#observer = observer;
    this.#core = new Core(toCoreConfig(config));
    this.#core.setManifestResponseUrl(config.playlistUrl);
    for (const traits of config.renditions) this.#core.addStreamIfNoneExists(toStream(traits));
    this.#listen();
  }

  deliver({ url, range }: SegmentRequest): SegmentDelivery | undefined {
    const id = runtimeId(url, range);
    if (!this.#core.hasSegment(id) || !this.#core.isSegmentLoadable(id)) return undefined;
    const whole = new Promise<DeliveredSegment>((resolve, reject) => {
      const onSuccess = ({ data, bandwidth }: SegmentResponse) => {
        const from = this.#sources.get(url) ?? 'edge';
        this.#sources.delete(url);
        if (data.byteLength === 0) reject(new Error('p2p-media-loader delivered an empty segment'));
        // The library serves its peers from this very buffer, and hls.js empties what it is given.
        else resolve({ data: data.slice(0), from, bitsPerSecond: bandwidth, firstByteMs: 0 });
      };
      const onError = (error: CoreRequestError) => reject(error);
      this.#core.loadSegment(id, { onSuccess, onError }).catch(reject);
    });
    return { whole, abort: () => this.#core.abortSegmentLoading(id) };
  }

  renditionChanged(rendition: Rendition): void {
    this.#core.setIsLive(rendition.live);
    const windows = rendition.live ? liveWindows : vodWindows;
    if (windows !== this.#windows) this.#core.applyDynamicConfig(windows);
    this.#windows = windows;

    const known = this.#core.getStream(rendition.url)?.segments;
    if (!known) return;
    const gone = new Set(known.keys());
    const added: Segment[] = [];
    rendition.segments.forEach((segment, index) => {
      const id = runtimeId(segment.url, segment.range);
      gone.delete(id);
      if (!known.has(id)) added.push(toCoreSegment(segment, id, rendition.live ? segment.sequence : index));
    });
    this.#core.updateStream(rendition.url, added, gone);
  }

  playheadMoved({ position, rate }: Playhead): void {
    this.#core.updatePlayback(position, rate);
  }

  destroy(): void {
    this.#core.destroy();
    for (const peer of this.#peers) this.#observer.peerDisconnected(peer);
    this.#peers.clear();
  }

  #listen(): void {
    const observer = this.#observer;
    this.#core.addEventListener('onChunkDownloaded', (bytes, source) => {
      if (source === 'p2p') observer.receivedFromPeers(bytes);
      else observer.receivedFromEdge(bytes, 'alone');
    });
    this.#core.addEventListener('onChunkUploaded', (bytes) => observer.uploaded(bytes));
    this.#core.addEventListener('onSegmentLoaded', ({ segmentUrl, downloadSource }) =>
      this.#sources.set(segmentUrl, downloadSource === 'p2p' ? 'peers' : 'edge'),
    );
    // The same viewer is another peer in the swarm of its audio track: only the main one counts.
    this.#core.addEventListener('onPeerConnect', ({ peerId, streamType }) => {
      if (streamType !== 'main') return;
      this.#peers.add(peerId);
      observer.peerConnected(peerId);
    });
    this.#core.addEventListener('onPeerClose', ({ peerId }) => {
      if (this.#peers.delete(peerId)) observer.peerDisconnected(peerId);
    });
    this.#core.addEventListener('onPeerError', ({ error }) => observer.warned('peer-error', error.message));
    const trackerFailed = (failure: unknown) =>
      observer.warned('tracker-unreachable', failure instanceof Error ? failure.message : String(failure));
    this.#core.addEventListener('onTrackerError', ({ error }) => trackerFailed(error));
    this.#core.addEventListener('onTrackerWarning', ({ warning }) => trackerFailed(warning));
  }
}

function toCoreConfig(config: P2PMediaLoaderConfig): Partial<CoreConfig> {
  return {
    announceTrackers: [...config.trackers],
    rtcConfig: config.rtc,
    isP2PUploadDisabled: !config.mayUpload,
    ...(config.swarm === undefined ? {} : { swarmId: config.swarm }),
    httpRequestSetup: (url, _segmentRange, signal, range) =>
      config.siteRequest(url, range && `bytes=${range.start}-${range.end ?? ''}`, signal),
  };
}

function toStream(traits: RenditionTraits): Stream {
  const { url, kind } = traits;
  if (kind === 'audio') {
    const { codecs, language, channels, name } = traits;
    // Bitrate 0 for audio, nothing but the bitrate for a stream that states none: as the library's own plugin does.
    const index = generateStreamShortId(withoutUndefined({ bitrate: 0, codecs, language, channels, name }));
    return { runtimeId: url, type: 'secondary', index };
  }
  const { bitrate, codecs, width, height, frameRate, videoRange } = traits;
  const stated = bitrate === 0 ? { bitrate } : { bitrate, codecs, width, height, frameRate, videoRange };
  return { runtimeId: url, type: 'main', index: generateStreamShortId(withoutUndefined(stated)) };
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function toCoreSegment({ url, range, start, end }: TimelineSegment, id: string, externalId: number): Segment {
  // The library's ranges include their last byte.
  const byteRange = range && { start: range.start, end: range.end - 1 };
  return { runtimeId: id, externalId, url, byteRange, startTime: start, endTime: end } as Segment;
}

function runtimeId(url: string, range: ByteRange | undefined): string {
  return range ? `${url}|${range.start}-${range.end}` : url;
}
