import type { PublishedFiles } from '../allow-list/published-files.ts';
import type { Clock } from '../clock.ts';
import type { TorrentDirectory } from '../directory/torrent-directory.ts';
import type { Urgency } from '../gateway/outgoing-texts.ts';
import type { TrackerMetrics } from '../metrics/metrics.ts';
import type { ConnectionId, Outbox } from '../swarm/torrent-swarms.ts';
import { parseTorrentCommand, replyText, type TorrentCommand, type TorrentLimits } from './webtorrent.ts';

type Announce = Extract<TorrentCommand, { is: 'announce' }>;

export interface TorrentDialectDeps {
  readonly torrents: () => TorrentDirectory;
  /** Infohashes that alone may have swarms; without it all may. */
  readonly published: () => PublishedFiles | undefined;
  readonly clock: Clock;
  readonly metrics: Pick<TrackerMetrics, 'relayed' | 'refusedAnnounces'>;
  /** Why this connection may not take part in that swarm. */
  readonly refusalOf: (from: ConnectionId, infoHash: string) => string | undefined;
  readonly isOpen: (connection: ConnectionId) => boolean;
  readonly send: (to: ConnectionId, text: string, urgency: Urgency) => void;
}

const limits: TorrentLimits = { maxOffers: 10, maxSdpLength: 16 * 1024, maxScrape: 64 };

/** One message of a WebTorrent client → what it and others are told. */
export class TorrentDialect {
  readonly #deps: TorrentDialectDeps;

  constructor(deps: TorrentDialectDeps) {
    this.#deps = deps;
  }

  receive(from: ConnectionId, text: string): 'accepted' | 'malformed' {
    const command = parseTorrentCommand(text, limits);
    if (command.is === 'announce' || command.is === 'answer') {
      const refusal = this.#deps.refusalOf(from, command.infoHash);
      if (refusal !== undefined) {
        this.#refuse(from, command, 'not-allowed', refusal);
        return 'accepted';
      }
    }
    const out: Outbox = [];
    this.#obey(from, command, out);
    this.reply(out);
    return command.is === 'malformed' ? 'malformed' : 'accepted';
  }

  reply(out: Outbox): void {
    const { metrics, send } = this.#deps;
    let offers = 0;
    for (const { to, reply } of out) {
      if ('offer' in reply) offers += 1;
      else if ('answer' in reply) metrics.relayed.inc({ kind: 'answer' });
      // Who has offered is answered presently, and may hear with that how many there are.
      const canWait = 'interval' in reply && out.length > 1;
      send(to, replyText(reply), canWait ? 'soon' : 'now');
    }
    if (offers > 0) metrics.relayed.inc({ kind: 'offer' }, offers);
  }

  #obey(from: ConnectionId, command: ReturnType<typeof parseTorrentCommand>, out: Outbox): void {
    const torrents = this.#deps.torrents();
    switch (command.is) {
      case 'announce': {
        const published = this.#deps.published();
        if (published?.has(command.infoHash) === false) void this.#announceIfPublished(published, from, command);
        else torrents.announce(from, command, this.#deps.clock.now(), out);
        break;
      }
      case 'answer':
        torrents.answer(from, command, this.#deps.clock.now(), out);
        break;
      case 'scrape':
        torrents.scrape(from, command, out);
        break;
      case 'malformed': {
        const { action, infoHash, because } = command;
        out.push({ to: from, reply: { action, info_hash: infoHash, 'failure reason': because } });
      }
    }
  }

  async #announceIfPublished(files: PublishedFiles, from: ConnectionId, command: Announce): Promise<void> {
    const { torrents, clock, isOpen } = this.#deps;
    const isPublished = await files.isPublished(command.infoHash);
    if (!isOpen(from)) return;
    const out: Outbox = [];
    if (isPublished) torrents().announce(from, command, clock.now(), out);
    else {
      // It may have been published when this peer came.
      torrents().announce(from, { ...command, event: 'stopped' }, clock.now(), []);
      this.#refuse(from, command, 'not-published', 'not published here');
    }
    this.reply(out);
  }

  #refuse(
    to: ConnectionId,
    { infoHash }: Pick<Announce, 'infoHash'>,
    because: 'not-allowed' | 'not-published',
    reason: string,
  ): void {
    this.#deps.metrics.refusedAnnounces.inc({ because });
    this.reply([{ to, reply: { action: 'announce', info_hash: infoHash, 'failure reason': reason } }]);
  }
}
