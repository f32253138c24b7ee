import type { TrackerMessage } from '@nearcast/protocol';
import type Hls from 'hls.js';
import type { Clock } from './clock.ts';
import type { ResolvedOptions } from './config.ts';
import { type RunningEngine, startEngine } from './engines.ts';
import { Emitter, type P2PEvents, type WarningReason } from './events.ts';
import { EarlySegments } from './hls/early-segments.ts';
import { listen } from './hls/listen.ts';
import { watchMedia } from './hls/media-watch.ts';
import { type SegmentLoaderConstructor, segmentLoaderClass } from './hls/segment-loader.ts';
import { StartGate } from './hls/start-gate.ts';
import { mayUpload } from './may-upload.ts';
import { decideMode, type Mode, type ModeView, maySwarm } from './mode.ts';
import type { Random } from './random.ts';
import { PlaybackCounters } from './report/playback-counters.ts';
import { ReportSender } from './report/report-sender.ts';
import type { EngineObserver } from './segment-engine.ts';
import { AnotherToken } from './signalling/another-token.ts';
import { openWebSocket, TrackerClient } from './signalling/tracker-client.ts';
import { hasWebCrypto, hasWebRtc } from './webrtc.ts';

/** What a session has done so far. Cheap to read. */
export interface P2PStats {
  /** Media bytes received from peers. */
  readonly peerBytes: number;
  /** Media bytes received from the edge. */
  readonly edgeBytes: number;
  /** Media bytes sent to peers. */
  readonly uploadedBytes: number;
  /** Bytes received and thrown away. */
  readonly discardedBytes: number;
  /** Chunks from peers whose hash did not match. */
  readonly rejectedChunks: number;
  readonly connectedPeers: number;
  /** Share of media bytes that did not come from the edge, 0…1. */
  readonly offload: number;
  readonly mode: Mode;
  /** Why the mode is not `swarm`. */
  readonly reason?: string;
}

/** One player's part in the swarm. */
export interface P2PSession {
  readonly stats: P2PStats;
  /** @returns a function that stops listening */
  on<K extends keyof P2PEvents>(event: K, listener: (event: P2PEvents[K]) => void): () => void;
  /** The viewer's own switch: `false` leaves the swarm at once and plays on from the edge. */
  setEnabled(on: boolean): void;
  /** Leaves for good; also when hls.js is destroyed. hls.js plays on as if nothing had been attached. */
  destroy(): void;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
}

interface TrackerLink {
  readonly client: TrackerClient;
  readonly reports: ReportSender;
}

/** Wires one hls.js instance to an engine, a tracker and the counters. */
export class Session implements P2PSession {
  readonly #hls: Hls;
  readonly #options: ResolvedOptions | undefined;
  readonly #deps: SessionDeps;
  readonly #events = new Emitter<P2PEvents>();
  readonly #counters: PlaybackCounters;
  readonly #peers = new Set<string>();
  readonly #early = new EarlySegments();
  readonly #cleanups: (() => void)[] = [];
  #view: ModeView;
  #mode: Mode;
  /** The multivariant playlist that hls.js has parsed. */
  #playlistUrl: string | undefined;
  /** The engine that was asked for last: there may be another before it is there. */
  #starting: Promise<RunningEngine> | undefined;
  #engine: RunningEngine | undefined;
  /** How the site loads segments without us. */
  #ownLoader: SegmentLoaderConstructor;
  readonly #gate = new StartGate();
  #tracker: TrackerLink | undefined;
  readonly #tokens: AnotherToken;

  constructor(hls: Hls, options: ResolvedOptions | string, deps: SessionDeps) {
    this.#hls = hls;
    this.#deps = deps;
    this.#ownLoader = hls.config.fLoader ?? (hls.config.loader as unknown as SegmentLoaderConstructor);
    this.#options = typeof options === 'string' ? undefined : options;
    this.#counters = new PlaybackCounters(deps.clock.now());
    this.#tokens = new AnotherToken(this.#options?.token ?? (async () => undefined), deps);
    this.#view = {
      destroyed: false,
      badOptions: typeof options === 'string' ? options : undefined,
      consent: 'pending',
      enabled: true,
      hasWebRtc: hasWebRtc(),
      canVerify: hasWebCrypto() || this.#options?.engine !== 'swarm',
      blocked: false,
      isAuthorised: true,
      engine: 'loading',
      tracker: 'connecting',
      connectedPeers: 0,
    };
    this.#mode = decideMode(this.#view).mode;
    // Later, so that a listener added right after attachP2P hears of it.
    queueMicrotask(() => this.#start());
    if (this.#options) this.#attach();
  }

  get stats(): P2PStats {
    const { peerBytes, edgeBytes, uploadedBytes, discardedBytes, rejectedChunks } = this.#counters.totals;
    const { offload } = this.#counters;
    const bytes = { peerBytes, edgeBytes, uploadedBytes, discardedBytes, rejectedChunks };
    return { ...bytes, offload, connectedPeers: this.#peers.size, ...decideMode(this.#view) };
  }

  on<K extends keyof P2PEvents>(event: K, listener: (event: P2PEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  setEnabled(on: boolean): void {
    this.#change({ enabled: on, isAuthorised: true });
  }

  destroy(): void {
    if (this.#view.destroyed) return;
    this.#change({ destroyed: true });
    for (const cleanup of this.#cleanups.reverse()) cleanup();
    this.#events.clear();
  }

  #start(): void {
    const { badOptions } = this.#view;
    if (badOptions !== undefined) this.#warn('bad-option', badOptions);
    if (!this.#options || this.#view.destroyed) return;
    if (!this.#view.hasWebRtc) this.#warn('no-webrtc', 'this browser has no WebRTC; every segment comes from the edge');
    const answered = (granted: boolean) => this.#change({ consent: granted ? 'granted' : 'denied' });
    // Whoever cannot be asked has not consented.
    this.#options.consent().then(answered, () => answered(false));
  }

  #attach(): void {
    const hls = this.#hls;
    const { clock } = this.#deps;
    const previous = hls.config.fLoader;
    const loaderClass = segmentLoaderClass({
      clock,
      engine: () => this.#engine?.segments,
      gate: this.#gate,
      ownLoader: this.#ownLoader,
      loadedPlainly: (request, body, timing) => {
        if (!maySwarm(this.#view)) return;
        this.#early.remember(request, body, timing);
        // Later: hls.js has it first.
        queueMicrotask(() => {
          this.#reconcile();
          this.#handOver();
        });
      },
      delivered: (url, bytes, from) => this.#events.emit('segmentDelivered', { url, bytes, from }),
      fetchedFromEdge: (bytes, kept) => {
        this.#counters.add('edgeBytes', bytes);
        if (!kept) this.#counters.add('discardedBytes', bytes);
      },
    });
    hls.config.fLoader = loaderClass;
    this.#cleanups.push(
      () => {
        if (hls.config.fLoader === loaderClass) Object.assign(hls.config, { fLoader: previous });
      },
      listen(hls, {
        hlsManifestParsed: () => this.#manifestParsed(),
        hlsManifestLoading: () => this.#manifestLeft(),
        hlsDestroying: () => this.destroy(),
      }),
      watchMedia(hls, clock, {
        playheadMoved: (playhead) => this.#engine?.segments.playheadMoved(playhead),
        started: (startupMs) => {
          if (startupMs !== undefined) this.#counters.started(startupMs);
          this.#gate.firstFrame();
          this.#reconcile();
        },
        played: (ms) => this.#counters.add('playedMs', ms),
        stalled: () => this.#counters.add('stalls', 1),
        resumed: (stalledMs) => this.#counters.add('stalledMs', stalledMs),
      }),
    );
    if (hls.levels.length > 0) this.#manifestParsed();
  }

  #manifestParsed(): void {
    this.#playlistUrl = this.#hls.url ?? undefined;
    this.#reconcile();
  }

  /** Whatever comes next is another content, with other peers. */
  #manifestLeft(): void {
    this.#gate.reset();
    this.#playlistUrl = undefined;
    this.#early.take();
    this.#leaveTracker();
    this.#stopEngine();
    this.#change({ blocked: false, isAuthorised: true });
  }

  /** Moves one part of what decides the mode, and does what follows from it. */
  #change(change: Partial<ModeView>): void {
    this.#view = { ...this.#view, ...change };
    this.#reconcile();
    const { mode, reason } = decideMode(this.#view);
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#events.emit('modeChanged', reason === undefined ? { mode } : { mode, reason });
  }

  /** Starts and ends the engine and the tracker connection, so that both exist exactly when they should. */
  #reconcile(): void {
    const options = this.#options;
    const hasContent = options !== undefined && this.#playlistUrl !== undefined;
    if (!maySwarm(this.#view)) this.#stopEngine();
    else if (hasContent && !this.#starting && this.#mayStart(options)) {
      this.#startEngine(options, this.#playlistUrl as string);
    }
    const mayTalk = this.#view.consent === 'granted' && decideMode(this.#view).mode !== 'off';
    if (!mayTalk) this.#leaveTracker();
    // With the engine, for the tracker's first words are for it; without one, for the reports.
    else if (hasContent && !this.#tracker && this.#view.isAuthorised && this.#mayJoin(options)) {
      this.#tracker = this.#openTrackerLink(options);
      this.#tracker.client.connect();
    }
  }

  /** From the second segment on: nothing competes with the first, which brings the picture. */
  #mayStart({ engine }: ResolvedOptions): boolean {
    return engine !== 'swarm' || this.#gate.hasSegment || this.#gate.hasFrame;
  }

  /** Peers are met when the viewer sees something. */
  #mayJoin({ engine }: ResolvedOptions): boolean {
    if (!maySwarm(this.#view)) return true;
    return this.#engine !== undefined && (engine !== 'swarm' || this.#gate.hasFrame);
  }

  #startEngine(options: ResolvedOptions, playlistUrl: string): void {
    const starting = startEngine({
      hls: this.#hls,
      options,
      playlistUrl,
      ownLoader: this.#ownLoader,
      random: this.#deps.random,
      tellTracker: (message) => this.#tracker?.client.send(message),
      observer: this.#observer(),
    });
    this.#starting = starting;
    starting.then(
      (engine) => {
        // In the meantime the site may have gone on to other content, or the viewer may have switched off.
        if (this.#starting !== starting) {
          engine.stop();
          return;
        }
        this.#engine = engine;
        this.#handOver();
        this.#change({ engine: 'ready' });
      },
      (error) => {
        this.#warn('engine-failed', String(error));
        this.#change({ engine: 'failed' });
      },
    );
  }

  /** What was loaded without the engine: before it was there, or while it was on its way. */
  #handOver(): void {
    if (this.#engine?.canAdopt()) for (const segment of this.#early.take()) this.#engine.adopt(segment);
  }

  #stopEngine(): void {
    this.#starting = undefined;
    this.#engine?.stop();
    this.#engine = undefined;
  }

  #observer(): EngineObserver {
    return {
      receivedFromPeers: (bytes) => this.#counters.add('peerBytes', bytes),
      receivedFromEdge: (bytes, because) => {
        this.#counters.add('edgeBytes', bytes);
        if (because !== 'alone') this.#counters.add(`${because}Bytes`, bytes);
      },
      uploaded: (bytes) => this.#counters.add('uploadedBytes', bytes),
      discarded: (bytes) => this.#counters.add('discardedBytes', bytes),
      control: (bytes) => this.#counters.add('controlBytes', bytes),
      peerRejected: (peer, reason) => {
        if (reason === 'wrong-bytes') this.#counters.add('rejectedChunks', 1);
        this.#events.emit('peerRejected', { peer, reason });
      },
      peerConnected: (peer) => {
        this.#peers.add(peer);
        this.#events.emit('peerConnected', { peer });
        this.#change({ connectedPeers: this.#peers.size });
      },
      peerDisconnected: (peer) => {
        if (!this.#peers.delete(peer)) return;
        this.#events.emit('peerDisconnected', { peer });
        this.#change({ connectedPeers: this.#peers.size });
      },
      warned: (reason, message) => this.#warn(reason, message),
    };
  }

  #openTrackerLink(options: ResolvedOptions): TrackerLink {
    const { clock, random } = this.#deps;
    const join = async () => {
      const token = await this.#tokens.take();
      const swarm = options.swarm ?? withoutQuery(this.#playlistUrl ?? '');
      const message = { type: 'join', swarm, engine: options.engine, upload: mayUpload(options) } as const;
      return token === undefined ? message : { ...message, token };
    };
    const client = new TrackerClient(
      options.trackers,
      join,
      {
        stateChanged: (tracker) => {
          if (tracker === 'unreachable' && this.#view.tracker !== 'unreachable') {
            this.#warn('tracker-unreachable', `no answer from ${options.trackers.join(', ')}`);
          }
          this.#change({ tracker });
        },
        heard: (message) => this.#hear(message),
        refused: (reason, message) => {
          if (reason === 'unauthorised') {
            this.#shownOut(message);
            return;
          }
          this.#warn('tracker-refused', `${reason}: ${message}`);
          if (reason === 'no-such-swarm') this.#goWithoutTracker();
        },
        notRenewed: (problem) => this.#warn('tracker-refused', `the token was not renewed: ${problem}`),
        garbled: () => this.#warn('tracker-refused', 'what answers there does not speak nearcast.1'),
      },
      { clock, random, openSocket: openWebSocket },
    );
    const takeReport = () => {
      const mode = this.#mode === 'swarm' ? 'swarm' : 'edge-only';
      const latencyMs = this.#hls.latestLevelDetails?.live ? this.#hls.latency * 1000 : undefined;
      const links = this.#engine?.takeAccounts() ?? [];
      // 0 is a rendition that does not say.
      const height = this.#hls.levels[this.#hls.currentLevel]?.height || undefined;
      return this.#counters.takeReport(clock.now(), {
        connectedPeers: this.#peers.size,
        mode,
        links,
        latencyMs,
        height,
      });
    };
    return { client, reports: new ReportSender(client, clock, takeReport) };
  }

  /** [S10] Without peers until the site has another token. */
  #shownOut(because: string): void {
    this.#goWithoutTracker();
    if (this.#tokens.refused(() => this.#change({ isAuthorised: true }))) {
      this.#warn('tracker-refused', `unauthorised: ${because}`);
    }
  }

  #goWithoutTracker(): void {
    this.#leaveTracker();
    this.#change({ isAuthorised: false });
  }

  #hear(message: TrackerMessage): void {
    if (message.type === 'welcome') {
      this.#tokens.accepted();
      this.#tracker?.reports.start(message.reportEveryMs);
    }
    this.#engine?.hear(message);
    this.#handOver();
    if (message.type === 'blocked') this.#change({ blocked: true });
  }

  #leaveTracker(): void {
    this.#tracker?.reports.stop();
    this.#tracker?.client.close();
    this.#tracker = undefined;
    this.#tokens.stop();
  }

  #warn(reason: WarningReason, message: string): void {
    // A misconfigured plugin that says nothing costs its users days (the field's issues 16 and 17).
    // biome-ignore lint/suspicious/noConsole: the one line that a developer sees without adding a listener
    if (reason === 'bad-option') console.warn(`Nearcast: ${message}; playing without it.`);
    this.#events.emit('warning', { reason, message });
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*/, '');
}
