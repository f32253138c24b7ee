export interface RecordedSegment {
  /** File name, relative to the recording. */
  readonly file: string;
  readonly seconds: number;
}

/** Reads the segments out of a media playlist. */
export function parseRecording(playlist: string): RecordedSegment[] {
  return [...playlist.matchAll(/^#EXTINF:([\d.]+).*\n(?:#.*\n)*([^#\n]+)$/gm)].map(([, seconds, file]) => ({
    file: (file as string).trim(),
    seconds: Number(seconds),
  }));
}
