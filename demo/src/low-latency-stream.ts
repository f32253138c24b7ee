/** A recording cut into parts, played as a low-latency live stream (RFC 8216bis): its parts appear one after the other. */
export interface PartRecording {
  /** File names in order, relative to the recording. Whole segments of them. */
  readonly parts: readonly string[];
  readonly partSeconds: number;
  /** The first part of each segment begins with a key frame. */
  readonly partsPerSegment: number;
}

/** One part, by the segment that it belongs to and its place in it. */
export interface PartName {
  readonly segment: number;
  readonly part: number;
}

/** Parts are named for so many whole segments. */
const SEGMENTS_WITH_PARTS = 3;

export class LowLatencyStream {
  readonly #recording: PartRecording;
  readonly #windowSize: number;
  readonly #startedAt: number;

  /** @param startedAt when the first part began, ms since 1970 */
  constructor(recording: PartRecording, windowSize: number, startedAt: number) {
    this.#recording = recording;
    this.#windowSize = windowSize;
    this.#startedAt = startedAt;
  }

  /** When a part appears: once its last frame is there, ms since 1970. */
  appearsAt({ segment, part }: PartName): number {
    const { partSeconds, partsPerSegment } = this.#recording;
    return this.#startedAt + (segment * partsPerSegment + part + 1) * partSeconds * 1000;
  }

  /** What will be next. */
  nextAt(now: number): PartName {
    const { partSeconds, partsPerSegment } = this.#recording;
    const ended = Math.max(0, Math.floor((now - this.#startedAt) / (partSeconds * 1000)));
    return { segment: Math.floor(ended / partsPerSegment), part: ended % partsPerSegment };
  }

  /** The recorded files of a segment that is in the playlist, or left it lately; none before it is whole. */
  segmentFiles(segment: number, now: number): readonly string[] {
    const { partsPerSegment } = this.#recording;
    if (segment >= this.nextAt(now).segment || !this.#isKept(segment, now)) return [];
    return Array.from({ length: partsPerSegment }, (_, part) => this.#fileOf({ segment, part }));
  }

  /** The recorded file of a part that has appeared; nothing for those to come, or long gone. */
  partFile(name: PartName, now: number): string | undefined {
    const isPart = name.part < this.#recording.partsPerSegment;
    return isPart && this.appearsAt(name) <= now && this.#isKept(name.segment, now) ? this.#fileOf(name) : undefined;
  }

  playlistAt(now: number): string {
    const { parts, partSeconds, partsPerSegment } = this.#recording;
    const next = this.nextAt(now);
    const first = Math.max(0, next.segment - this.#windowSize);
    const segmentsPerRound = parts.length / partsPerSegment;
    const seconds = partSeconds * partsPerSegment;
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      `#EXT-X-TARGETDURATION:${Math.ceil(seconds)}`,
      `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${3 * partSeconds}`,
      `#EXT-X-PART-INF:PART-TARGET=${partSeconds}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.floor(Math.max(0, first - 1) / segmentsPerRound)}`,
      '#EXT-X-MAP:URI="init.mp4"',
    ];
    for (let segment = first; segment <= next.segment; segment++) {
      const isWhole = segment < next.segment;
      // Each round of the recording begins with timestamps from its start again.
      if (segment > 0 && segment % segmentsPerRound === 0) lines.push('#EXT-X-DISCONTINUITY');
      const began = new Date(this.appearsAt({ segment, part: -1 }));
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${began.toISOString()}`);
      const named = segment >= next.segment - SEGMENTS_WITH_PARTS ? (isWhole ? partsPerSegment : next.part) : 0;
      for (let part = 0; part < named; part++) lines.push(this.#partLine({ segment, part }));
      if (isWhole) lines.push(`#EXTINF:${seconds.toFixed(3)},`, `segment${segment}.m4s`);
    }
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${nameOf(next)}"`);
    return `${lines.join('\n')}\n`;
  }

  #partLine(name: PartName): string {
    const independent = name.part === 0 ? ',INDEPENDENT=YES' : '';
    return `#EXT-X-PART:DURATION=${this.#recording.partSeconds},URI="${nameOf(name)}"${independent}`;
  }

  #fileOf({ segment, part }: PartName): string {
    const { parts, partsPerSegment } = this.#recording;
    return parts[(segment * partsPerSegment + part) % parts.length] as string;
  }

  #isKept(segment: number, now: number): boolean {
    return segment >= 0 && segment >= this.nextAt(now).segment - 2 * this.#windowSize;
  }
}

function nameOf({ segment, part }: PartName): string {
  return `segment${segment}.part${part}.m4s`;
}

/** The part or segment that a viewer asks for by its file name. */
export function parseMediaName(name: string): PartName | { readonly segment: number } | undefined {
  const [, segment, part] = /^segment(\d{1,9})(?:\.part(\d{1,3}))?\.m4s$/.exec(name) ?? [];
  if (segment === undefined) return undefined;
  return part === undefined ? { segment: Number(segment) } : { segment: Number(segment), part: Number(part) };
}
