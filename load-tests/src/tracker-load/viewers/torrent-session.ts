import { type Pace, Session } from './session.ts';
import { announceText, answerText, newBinaryId } from './torrent-messages.ts';

/** What bittorrent-tracker's server asks for by default, and ours too. */
const ANNOUNCE_EVERY_MS = 120_000;
const OFFERS = 5;

/** Of a relayed offer; its order is the server's. */
const OFFER = '"offer":{';
const OFFER_ID = '"offer_id":"';
const PEER_ID = '"peer_id":"';

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

  /** Only what the answer needs is read: a generator that parses every message is what is measured. */
  protected override received(text: string): void {
    if (!text.includes(OFFER)) return;
    this.send(
      answerText(
        { info_hash: this.#infoHash, offer_id: idIn(text, OFFER_ID), peer_id: idIn(text, PEER_ID) },
        this.#peerId,
      ),
    );
  }
}

/** The identifiers of these viewers have nothing that JSON would escape. */
function idIn(text: string, field: string): string {
  const from = text.lastIndexOf(field) + field.length;
  return text.slice(from, text.indexOf('"', from));
}
