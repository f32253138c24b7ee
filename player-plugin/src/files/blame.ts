/** Pieces that a source may spoil together with others before it is left. Alone, it is left at once. */
const SHARED_OFFENCES = 2;

/** Who is to blame for pieces that are not what the torrent says. Blocks do not say; only whole pieces can be checked. */
export class Blame<Source extends object> {
  readonly #senders = new Map<number, Set<Source>>();
  readonly #offences = new Map<Source, number>();

  /** A block of a piece came from this source. */
  received(piece: number, from: Source): void {
    const senders = this.#senders.get(piece) ?? new Set();
    this.#senders.set(piece, senders.add(from));
  }

  verified(piece: number): void {
    this.#senders.delete(piece);
  }

  /** @returns whom to leave */
  failed(piece: number): Source[] {
    const senders = [...(this.#senders.get(piece) ?? [])];
    this.#senders.delete(piece);
    return senders.filter((sender) => {
      const offences = (this.#offences.get(sender) ?? 0) + 1;
      this.#offences.set(sender, offences);
      return senders.length === 1 || offences > SHARED_OFFENCES;
    });
  }
}
