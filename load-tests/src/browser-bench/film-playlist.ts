/** Both the sample media and what `--media-bitrate` makes are cut into these. */
export const SEGMENT_SECONDS = 2;

/** A film made of one recording over and over; each round begins with timestamps from its start again. */
export function filmPlaylist(segments: number, roundSegments: number): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`, '#EXT-X-PLAYLIST-TYPE:VOD'];
  for (let number = 0; number < segments; number++) {
    if (number > 0 && number % roundSegments === 0) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(`#EXTINF:${SEGMENT_SECONDS.toFixed(3)},`, `segment${number}.ts`);
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`;
}
