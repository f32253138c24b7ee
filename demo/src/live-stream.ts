/** A live stream made from a recorded one: the recording runs round and round, and a window slides over it in real time. */

import type { RecordedSegment } from './recording.ts';

export interface LiveWindow {
  /** Media sequence number of the first segment. */
  readonly first: number;
  /** The segments from there on, oldest first. */
  readonly count: number;
}

export class LiveStream {
  readonly #recording: readonly RecordedSegment[];
  readonly #windowSize: number;
  readonly #startedAt: number;
  /** How long the recording is. */
  readonly #roundMs: number;

  /** @param startedAt when segment 0 began, ms since 1970 */
  constructor(recording: readonly RecordedSegment[], windowSize: number, startedAt: number) {
    this.#recording = recording;
    this.#windowSize = windowSize;
    this.#startedAt = startedAt;
    this.#roundMs = 1000 * recording.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** A segment is there once its last frame is: it appears when it ends. */
  windowAt(now: number): LiveWindow {
    let ended = Math.max(0, Math.floor((now - this.#startedAt) / this.#roundMs)) * this.#recording.length;
    while (this.#endOf(ended) <= now) ended += 1;
    const count = Math.min(ended, this.#windowSize);
    return { first: ended - count, count };
  }

  playlistAt(now: number): string {
    const { first, count } = this.windowAt(now);
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:3',
      `#EXT-X-TARGETDURATION:${Math.ceil(Math.max(...this.#recording.map(({ seconds }) => seconds)))}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      // Each round of the recording begins with timestamps from its start again.
      `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.floor(Math.max(0, first - 1) / this.#recording.length)}`,
    ];
    for (let number = first; number < first + count; number++) {
      if (number > 0 && number % this.#recording.length === 0) lines.push('#EXT-X-DISCONTINUITY');
      const began = new Date(this.#endOf(number) - this.#recorded(number).seconds * 1000);
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${began.toISOString()}`);
      lines.push(`#EXTINF:${this.#recorded(number).seconds.toFixed(3)},`, `segment${number}.ts`);
    }
    return `${lines.join('\n')}\n`;
  }

  /** The recorded file of a segment; nothing for those that are not there yet, or long gone. */
  fileOf(number: number, now: number): string | undefined {
    const { first, count } = this.windowAt(now);
    const isKept = number >= first - this.#windowSize && number < first + count && number >= 0;
    return isKept ? this.#recorded(number).file : undefined;
  }

  #recorded(number: number): RecordedSegment {
    return this.#recording[number % this.#recording.length] as RecordedSegment;
  }

  #endOf(number: number): number {
    const inRound = (number % this.#recording.length) + 1;
    const seconds = this.#recording.slice(0, inRound).reduce((sum, segment) => sum + segment.seconds, 0);
    return this.#startedAt + Math.floor(number / this.#recording.length) * this.#roundMs + seconds * 1000;
  }
}
