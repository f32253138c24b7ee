import type Hls from 'hls.js';
import type { RenditionTraits } from './p2p-media-loader.ts';

/** The renditions of a parsed multivariant playlist (or the only one of a media playlist), as hls.js knows them. */
export function renditionTraits(hls: Hls): RenditionTraits[] {
  const video = hls.levels.map((level) => ({
    url: level.url[0] ?? '',
    kind: 'main' as const,
    bitrate: level.bitrate,
    codecs: level.videoCodec,
    width: level.width || undefined,
    height: level.height || undefined,
    frameRate: level.attrs['FRAME-RATE'],
    videoRange: level.attrs['VIDEO-RANGE'],
  }));
  const audio = hls.allAudioTracks.map((track) => ({
    url: track.url,
    kind: 'audio' as const,
    bitrate: 0,
    codecs: track.audioCodec,
    language: track.lang,
    channels: track.channels,
    name: track.name,
  }));
  return [...video, ...audio].filter(({ url }) => url !== '');
}
