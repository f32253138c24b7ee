import { type Pace, Session } from './session.ts';
import { announceText, answerText, newBinaryId } from './torrent-messages.ts';

/** What bittorrent-tracker's server asks for by default, and ours too. */
const ANNOUNCE_EVERY_MS = 120_000;
const OFFERS = 5;

/** A stock client: it announces with offers and answers every offer. It ends without a word, as p2p-media-loader does. */
export class TorrentSession extends Session {
  readonly #peerId = newBinaryId();
  readonly #infoHash: string;

  constructor(url: string, infoHash: string, pace: Pace, counted: (messages: number) => void) {
    super(url, [], pace, counted);
    this.#infoHash = infoHash;
  }

  protected override opened(): void {
    const announce = () => {
      this.send(announceText(this.#infoHash, this.#peerId, Array.from({ length: OFFERS }, newBinaryId)));
    };
    announce();
    this.every(ANNOUNCE_EVERY_MS, announce);
  }

  protected override received(data: Buffer): void {
    const message = JSON.parse(data.toString());
    if (message.offer) this.send(answerText(message, this.#peerId));
  }
}
