import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { SwarmBlocking } from '../access/blocked-routes.ts';
import type { Clock } from '../clock.ts';
import type { Urgency } from '../gateway/outgoing-texts.ts';
import type { ReportDesk, ReportDeskDeps } from '../reports/report-desk.ts';
import type { Outbox, TorrentSwarms } from '../swarm/torrent-swarms.ts';
import type { ConnectionId, ViewerOutbox, ViewerSwarms } from '../swarm/viewer-swarms.ts';
import { LocalViewers } from './local-viewers.ts';
import type { TorrentDirectory } from './torrent-directory.ts';
import type { ViewerDirectory } from './viewer-directory.ts';

export interface DirectoryDeps {
  readonly clock: Clock;
  readonly registry: Registry;
  /** The swarms that this process keeps. */
  readonly swarms: ViewerSwarms;
  readonly torrents: TorrentSwarms;
  /** Peers of the WebTorrent dialect that were silent for so long are gone, ms. */
  readonly torrentStaleAfterMs: number;
  readonly toViewers: (out: ViewerOutbox) => void;
  /** A message that is text already. */
  readonly textToViewer: (to: ConnectionId, text: string, urgency: Urgency) => void;
  readonly toTorrents: (out: Outbox) => void;
  /** A signal that came from another replica was passed on. */
  readonly relayedSignal: () => void;
  /** A signal that came from another replica was for nobody here who was to get it. */
  readonly droppedSignal: () => void;
  /** How long one end of an exchange waits for the other's report, ms. */
  readonly reportWindowMs: number;
  /** Other replicas' viewers told so much of what viewers here told. */
  readonly agreed: ReportDesk['agreed'];
  /** One line for the operator. */
  readonly tell: (what: string) => void;
}

/** The way from connections to swarms. */
export interface Directory {
  readonly viewers: ViewerDirectory;
  readonly torrents: TorrentDirectory;
  /** Of this tracker, whichever replica: what stands for an address must be the same at all. */
  readonly secret: Buffer;
  /** Where there are other replicas: what viewers here told, and no others here. */
  readonly askOthers?: NonNullable<ReportDeskDeps['askOthers']>;
  /** A token for one use is used at all replicas. @returns false when it was already; rejects when they cannot be asked */
  takeToken(token: string, forMs: number): Promise<boolean>;
  /** Blocking, for all replicas. */
  share(local: SwarmBlocking): SwarmBlocking;
  start(): Promise<void>;
  /** The last connection is gone: others take over what is kept here. */
  leave(): Promise<void>;
  close(): void;
}

/** @param redisUrl through which replicas are one tracker; without it this process is alone, and loads nothing for it */
export async function openDirectory(redisUrl: string | undefined, deps: DirectoryDeps): Promise<Directory> {
  if (redisUrl !== undefined) return (await import('../replicas/open-replicas.ts')).openReplicas(redisUrl, deps);
  return {
    viewers: new LocalViewers(deps.swarms),
    torrents: deps.torrents,
    secret: randomBytes(32),
    takeToken: () => Promise.resolve(true),
    share: (local) => local,
    start: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    close: () => undefined,
  };
}
