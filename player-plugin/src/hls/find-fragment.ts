import type { ByteRange } from '@nearcast/protocol';
import type Hls from 'hls.js';
import type { Fragment, LevelDetails, Part } from 'hls.js';

/**
 * hls.js' own name for a segment, which loaders of sites may look at (CMCD does). For one that only a neighbour has named
 * so far it is the newest that there is.
 */
export function findFragment(hls: Hls, url: string, range: ByteRange | undefined): Fragment | undefined {
  let newest: Fragment | undefined;
  const isIt = (one: Fragment | Part) => one.url === url && one.byteRangeStartOffset === range?.start;
  for (const details of playlistsOf(hls)) {
    const exact = details.fragments.find(isIt) ?? details.partList?.find(isIt)?.fragment;
    if (exact) return exact;
    newest ??= details.fragments.at(-1);
  }
  return newest;
}

/** The playlists that are loaded, those that play first. */
function playlistsOf(hls: Hls): LevelDetails[] {
  const { levels, audioTracks } = hls;
  const playing = [levels[hls.loadLevel], audioTracks[hls.audioTrack]];
  return [...playing, ...levels, ...audioTracks].flatMap((one) => one?.details ?? []);
}
