const BEFORE_SDP = '"sdp":';
const QUOTE = '"';
const BACKSLASH = '\\';

/**
 * The SDPs of a message as JSON, cut out of it: some forty line ends are escaped in each, and to do that again is the dearest part
 * of passing one on. What is not written as clients write it is escaped again.
 *
 * A message with two SDPs in one description may have the other one passed on than the one that was looked at. Both are its sender's.
 */
export class SdpTexts {
  readonly #message: string;
  #at = 0;

  /** @param message valid JSON */
  constructor(message: string) {
    this.#message = message;
  }

  /** @param sdp of the next description in the message */
  next(sdp: string): string {
    const begins = this.#message.indexOf(BEFORE_SDP, this.#at) + BEFORE_SDP.length;
    if (begins < BEFORE_SDP.length || this.#message[begins] !== QUOTE) return JSON.stringify(sdp);
    const ends = this.#message.indexOf(QUOTE, begins + 1);
    this.#at = ends;
    // An escaped quote, or a backslash at the end: neither is in any SDP.
    if (this.#message[ends - 1] === BACKSLASH) return JSON.stringify(sdp);
    return this.#message.slice(begins, ends + 1);
  }
}
