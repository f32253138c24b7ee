/** What came from where in the time of one look. */
interface Look {
  readonly peerBytes: number;
  readonly edgeBytes: number;
  /** Whether the edge gave all it can: it was asked for that, and answered. */
  readonly edgeGives: boolean;
}

/** Bytes come in bursts of a piece: shorter than that, a rate means little. */
const LOOKS = 4;
/** What was measured in a bad moment must not hold for ever: after so many looks it is measured anew, then after twice as many. */
const MEASURED_FOR_LOOKS = 40;

/** How fast the file comes, and how fast it would come from the edge alone. Told of bytes, and asked at a steady pace. */
export class SupplyMeter {
  readonly #lookSeconds: number;
  readonly #looks: Look[] = [];
  #peerBytes = 0;
  #edgeBytes = 0;
  #edgeCapacity = 0;
  #edgeAnswers = false;
  #measuredFor = MEASURED_FOR_LOOKS;
  #looksToMeasure = 0;

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
    const edgeBytes = this.#edgeBytes;
    // An edge that is asked and has not answered yet says nothing about its rate.
    this.#looks.push({ peerBytes: this.#peerBytes, edgeBytes, edgeGives: edgeAsked && this.#edgeAnswers });
    this.#edgeAnswers = edgeBytes > 0 || (edgeAsked && this.#edgeAnswers);
    this.#peerBytes = 0;
    this.#edgeBytes = 0;
    this.#looksToMeasure -= 1;
    if (this.#looksToMeasure === 0) this.#measuredFor *= 2;
    if (this.#looks.length > LOOKS) this.#looks.shift();
    if (this.#looks.length < LOOKS || !this.#looks.every((look) => look.edgeGives)) return;
    this.#edgeCapacity = Math.max(this.#edgeCapacity, this.edgeRate);
    this.#looksToMeasure = this.#measuredFor;
  }

  /** Of late, bytes/s. */
  get peerRate(): number {
    return this.#perSecond(({ peerBytes }) => peerBytes);
  }

  /** Of late, bytes/s. */
  get edgeRate(): number {
    return this.#perSecond(({ edgeBytes }) => edgeBytes);
  }

  /** The most that the edge has given while it was asked without a pause, bytes/s; unknown while it is to be measured. */
  get edgeCapacity(): number | undefined {
    return this.#looksToMeasure > 0 ? this.#edgeCapacity : undefined;
  }

  #perSecond(bytes: (look: Look) => number): number {
    const seconds = this.#looks.length * this.#lookSeconds;
    return seconds === 0 ? 0 : this.#looks.reduce((sum, look) => sum + bytes(look), 0) / seconds;
  }
}
