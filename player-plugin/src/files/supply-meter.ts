/** What came from where in the time of one look. */
interface Look {
  readonly peerBytes: number;
  readonly edgeBytes: number;
  /** Whether the edge was asked for all it can give. */
  readonly edgeAsked: boolean;
}

/** Bytes come in bursts of a piece: shorter than that, a rate means little. */
const LOOKS = 4;

/** How fast the file comes, and how fast it would come from the edge alone. Told of bytes, and asked at a steady pace. */
export class SupplyMeter {
  readonly #lookSeconds: number;
  readonly #looks: Look[] = [];
  #peerBytes = 0;
  #edgeBytes = 0;
  #edgeCapacity: number | undefined;

  /** @param lookMs from one look to the next */
  constructor(lookMs: number) {
    this.#lookSeconds = lookMs / 1000;
  }

  fromPeer(bytes: number): void {
    this.#peerBytes += bytes;
  }

  fromEdge(bytes: number): void {
    this.#edgeBytes += bytes;
  }

  /** Ends one look. @param edgeAsked whether the edge was asked during the whole of it */
  look(edgeAsked: boolean): void {
    this.#looks.push({ peerBytes: this.#peerBytes, edgeBytes: this.#edgeBytes, edgeAsked });
    this.#peerBytes = 0;
    this.#edgeBytes = 0;
    if (this.#looks.length > LOOKS) this.#looks.shift();
    if (this.#looks.length < LOOKS || !this.#looks.every((look) => look.edgeAsked)) return;
    this.#edgeCapacity = Math.max(this.#edgeCapacity ?? 0, this.edgeRate);
  }

  /** Of late, bytes/s. */
  get peerRate(): number {
    return this.#perSecond(({ peerBytes }) => peerBytes);
  }

  /** Of late, bytes/s. */
  get edgeRate(): number {
    return this.#perSecond(({ edgeBytes }) => edgeBytes);
  }

  /** The most that the edge has given while it was asked without a pause, bytes/s; unknown before that. */
  get edgeCapacity(): number | undefined {
    return this.#edgeCapacity;
  }

  #perSecond(bytes: (look: Look) => number): number {
    const seconds = this.#looks.length * this.#lookSeconds;
    return seconds === 0 ? 0 : this.#looks.reduce((sum, look) => sum + bytes(look), 0) / seconds;
  }
}
