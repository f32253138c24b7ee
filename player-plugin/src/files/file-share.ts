import type { TorrentFile } from 'webtorrent/dist/webtorrent.min.js';
import type { Clock } from '../clock.ts';
import { Emitter, type WarningReason } from '../events.ts';
import { mayUpload } from '../may-upload.ts';
import { decideMode, type Mode, type ModeView } from '../mode.ts';
import type { Random } from '../random.ts';
import { PlaybackCounters } from '../report/playback-counters.ts';
import { ReportSender } from '../report/report-sender.ts';
import type { P2PStats } from '../session.ts';
import { announceUrls } from '../signalling/announce-url.ts';
import { openWebSocket, TrackerClient } from '../signalling/tracker-client.ts';
import { hasWebCrypto, hasWebRtc } from '../webrtc.ts';
import { fetchTorrent } from './fetch-torrent.ts';
import type { FileP2PEvents } from './file-events.ts';
import type { FileHead } from './file-head.ts';
import type { ResolvedFileOptions } from './file-options.ts';
import { loadWebTorrent } from './load-webtorrent.ts';
import { SwarmFile, type SwarmFileConfig } from './swarm-file.ts';

export interface ShareDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export interface OpenFile {
  readonly swarm: SwarmFile;
  readonly file: TorrentFile;
}

/** One viewer's part in the swarm of one file, with the counts, events and reports of it. */
export class FileShare {
  readonly events: Emitter<FileP2PEvents> = new Emitter<FileP2PEvents>();
  readonly #options: ResolvedFileOptions | undefined;
  readonly #deps: ShareDeps;
  readonly #counters: PlaybackCounters;
  readonly #peers = new Set<string>();
  readonly #rtc: RTCConfiguration;
  #view: ModeView;
  #mode: Mode;
  /** Why there is no sharing, where it has been tried. */
  #failure: string | undefined;
  #swarm: SwarmFile | undefined;
  #totalBytes = 0;
  #tracker: { readonly client: TrackerClient; readonly reports: ReportSender } | undefined;
  /** Told once when what was open cannot go on. */
  onFailure: (because: string) => void = () => undefined;
  onDone: () => void = () => undefined;

  constructor(options: ResolvedFileOptions | string, deps: ShareDeps) {
    this.#options = typeof options === 'string' ? undefined : options;
    this.#deps = deps;
    this.#counters = new PlaybackCounters(deps.clock.now());
    this.#rtc = this.#options?.rtc ?? { iceServers: [] };
    this.#view = {
      destroyed: false,
      badOptions: typeof options === 'string' ? options : undefined,
      consent: 'pending',
      enabled: true,
      hasWebRtc: hasWebRtc(),
      canVerify: hasWebCrypto(),
      blocked: false,
      isAuthorised: true,
      engine: 'loading',
      tracker: 'connecting',
      connectedPeers: 0,
    };
    this.#mode = decideMode(this.#view).mode;
  }

  get stats(): P2PStats {
    const { peerBytes, edgeBytes, uploadedBytes, discardedBytes, rejectedChunks } = this.#counters.totals;
    const bytes = { peerBytes, edgeBytes, uploadedBytes, discardedBytes, rejectedChunks };
    return { ...bytes, offload: this.#counters.offload, connectedPeers: this.#peers.size, ...this.#decide() };
  }

  get isEnabled(): boolean {
    return this.#view.enabled;
  }

  /** Whether sharing may be tried at all; asks for consent. @throws {Error} with one sentence why not */
  async permit(): Promise<void> {
    const options = this.#options;
    if (!options) throw new Error(this.#view.badOptions);
    // Whoever cannot be asked has not consented.
    const consents = await options.consent().catch(() => false);
    this.change({ consent: consents ? 'granted' : 'denied' });
    const { mode, reason } = decideMode({ ...this.#view, engine: 'ready', connectedPeers: 1 });
    if (mode !== 'swarm') throw new Error(reason);
  }

  /**
   * Joins the swarm of the file, where that is permitted.
   * @param patienceMs how long to wait for a torrent that is being made
   * @param signal ends the attempt, not what has come of it
   * @throws {Error} with one sentence why it is not shared
   */
  async open(
    use: SwarmFileConfig['use'],
    patienceMs: number,
    signal: AbortSignal,
    opening?: Promise<FileHead>,
  ): Promise<OpenFile> {
    const options = this.#options;
    if (!options) throw new Error(this.#view.badOptions);
    this.#failure = undefined;
    const [client, token, metainfo, head] = await Promise.all([
      loadWebTorrent(),
      options.token().catch(() => undefined),
      fetchTorrent(options.torrentUrl, patienceMs, this.#deps.clock),
      opening,
    ]);
    signal.throwIfAborted();
    this.#tracker = this.#openTrackerLink(options);
    const trackers = announceUrls(options.trackers, token);
    const config = { ...this.#swarmConfig(use, options), trackers, head };
    const swarm = new SwarmFile(client, metainfo, config, this.#deps, this.#listener());
    this.#swarm = swarm;
    try {
      const file = await swarm.file;
      if (head && head.size !== file.length) throw new Error('the torrent describes another file');
      this.#totalBytes = file.length;
      this.change({ engine: 'ready' });
      return { swarm, file };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Leaves the swarm; `open` joins it again. */
  close(): void {
    this.#swarm?.destroy();
    this.#swarm = undefined;
    for (const peer of this.#peers) this.events.emit('peerDisconnected', { peer });
    this.#peers.clear();
    this.#tracker?.reports.stop();
    this.#tracker?.client.close();
    this.#tracker = undefined;
    this.change({ connectedPeers: 0, engine: 'loading', tracker: 'connecting' });
  }

  /** What the site and the console of a developer are told when it goes on without sharing. */
  failed(because: string): void {
    this.#failure = because;
    const { badOptions } = this.#view;
    // A misconfigured plugin that says nothing costs its users days.
    // biome-ignore lint/suspicious/noConsole: the one line that a developer sees without adding a listener
    if (badOptions !== undefined) console.warn(`Nearcast: ${badOptions}; loading without it.`);
    this.#warn(badOptions === undefined ? 'engine-failed' : 'bad-option', because);
    this.change({});
  }

  change(changes: Partial<ModeView>): void {
    this.#view = { ...this.#view, ...changes };
    const decision = this.#decide();
    if (decision.mode === this.#mode) return;
    this.#mode = decision.mode;
    this.events.emit('modeChanged', decision);
  }

  #decide() {
    const decision = decideMode(this.#view);
    return decision.mode === 'edge-only' && this.#failure !== undefined
      ? { ...decision, reason: this.#failure }
      : decision;
  }

  #swarmConfig(use: SwarmFileConfig['use'], options: ResolvedFileOptions): Omit<SwarmFileConfig, 'trackers'> {
    const { maxBitrate, maxRatio } = options.upload;
    const isWithinRatio = () => {
      const { uploadedBytes, peerBytes, edgeBytes } = this.#counters.totals;
      return uploadedBytes <= maxRatio * (peerBytes + edgeBytes);
    };
    return {
      use,
      rtc: this.#rtc,
      maxUploadRate: maxBitrate / 8,
      mayUpload: () => mayUpload(options) && isWithinRatio(),
    };
  }

  #listener() {
    const count = this.#counters;
    const { events } = this;
    const peers = this.#peers;
    return {
      receivedFromPeer: (bytes: number) => count.add('peerBytes', bytes),
      receivedFromEdge: (bytes: number) => count.add('edgeBytes', bytes),
      uploaded: (bytes: number) => count.add('uploadedBytes', bytes),
      pieceRejected: (bytes: number) => {
        count.add('rejectedChunks', 1);
        count.add('discardedBytes', bytes);
      },
      peerConnected: (peer: string) => {
        peers.add(peer);
        events.emit('peerConnected', { peer });
        this.change({ connectedPeers: peers.size });
      },
      peerDisconnected: (peer: string) => {
        if (!peers.delete(peer)) return;
        events.emit('peerDisconnected', { peer });
        this.change({ connectedPeers: peers.size });
      },
      peerRejected: (peer: string) => events.emit('peerRejected', { peer, reason: 'wrong-bytes' }),
      progressed: (verifiedBytes: number) =>
        events.emit('progress', { verifiedBytes, totalBytes: Math.max(this.#totalBytes, verifiedBytes) }),
      done: () => this.onDone(),
      failed: (because: string) => this.onFailure(because),
    };
  }

  #openTrackerLink(options: ResolvedFileOptions) {
    const { clock } = this.#deps;
    const join = async () => {
      const token = await options.token();
      const swarm = withoutQuery(options.fileUrl);
      const message = { type: 'join', swarm, engine: 'webtorrent', upload: mayUpload(options) } as const;
      return token === undefined ? message : { ...message, token };
    };
    const client = new TrackerClient(
      options.trackers,
      join,
      {
        stateChanged: (tracker) => this.change({ tracker }),
        heard: (message) => {
          if (message.type === 'blocked') this.change({ blocked: true });
          if (message.type !== 'welcome') return;
          reports.start(message.reportEveryMs);
          // The client looks at this object whenever it connects to somebody.
          if (!options.rtc) this.#rtc.iceServers = message.iceServers as RTCIceServer[];
        },
        refused: (reason, message) => this.#warn('tracker-refused', `${reason}: ${message}`),
        notRenewed: (problem) => this.#warn('tracker-refused', `the token was not renewed: ${problem}`),
        garbled: () => this.#warn('tracker-refused', 'what answers there does not speak nearcast.1'),
      },
      { clock, random: this.#deps.random, openSocket: openWebSocket },
    );
    const reports = new ReportSender(client, clock, () => {
      const mode = this.#mode === 'swarm' ? 'swarm' : 'edge-only';
      return this.#counters.takeReport(clock.now(), { connectedPeers: this.#peers.size, mode, links: [] });
    });
    client.connect();
    return { client, reports };
  }

  #warn(reason: WarningReason, message: string): void {
    this.events.emit('warning', { reason, message });
  }
}

function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}
