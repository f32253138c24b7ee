import { type ByteRange, manifestUrl } from '@nearcast/protocol';
import type Hls from 'hls.js';
import type { FragmentLoaderContext, LoaderConfiguration, LoaderContextType, LoaderStats } from 'hls.js';
import type { EdgeAnswer, EdgeClient, EdgeRequest } from '../delivery/edge-client.ts';
import { findFragment } from './find-fragment.ts';
import { type SegmentLoaderConstructor, timingOf } from './segment-loader.ts';

/**
 * The edge, asked with the loader that the site gave hls.js: its headers, credentials, CMCD and error handling come with
 * it.
 */
export function siteEdgeClient(hls: Hls, ownLoader: SegmentLoaderConstructor): EdgeClient {
  return {
    fetch(request, done) {
      const context = contextOf(hls, request);
      if (!context) {
        done(undefined);
        return () => undefined;
      }
      const loader = new ownLoader(hls.config);
      let isDone = false;
      const end = (then: () => void) => {
        if (isDone) return;
        isDone = true;
        loader.destroy();
        then();
      };
      const failed = () => end(() => done(undefined));
      loader.load(context, configurationOf(hls), {
        onSuccess: ({ data }, stats) => {
          const answer = answerOf(data, stats);
          end(() => done(answer));
        },
        onError: failed,
        onTimeout: failed,
        onAbort: failed,
      });
      return () => end(() => undefined);
    },
  };
}

function contextOf(hls: Hls, { what, url, segmentRange, within }: EdgeRequest): FragmentLoaderContext | undefined {
  const frag = findFragment(hls, url, segmentRange);
  if (!frag) return undefined;
  const context: FragmentLoaderContext = {
    type: 'media-fragment' as LoaderContextType.MEDIA_FRAGMENT,
    frag,
    part: null,
    responseType: 'arraybuffer',
    url,
    headers: {},
    progressData: false,
  };
  if (what === 'manifest') return { ...context, url: manifestUrl(url, segmentRange) };
  const range = rangeInFile(segmentRange, within);
  return range ? { ...context, rangeStart: range.start, rangeEnd: range.end } : context;
}

function rangeInFile(segment: ByteRange | undefined, within: ByteRange | undefined): ByteRange | undefined {
  if (!segment) return within;
  if (!within) return segment;
  return { start: segment.start + within.start, end: segment.start + within.end };
}

/** Retries are the engine's: it knows whether they are still worth while. */
function configurationOf({ config }: Hls): LoaderConfiguration {
  const { maxTimeToFirstByteMs, maxLoadTimeMs } = config.fragLoadPolicy.default;
  const loadPolicy = { maxTimeToFirstByteMs, maxLoadTimeMs, timeoutRetry: null, errorRetry: null };
  return { loadPolicy, timeout: maxLoadTimeMs, maxRetry: 0, retryDelay: 0, maxRetryDelay: 0 };
}

function answerOf(data: unknown, stats: LoaderStats): EdgeAnswer | undefined {
  // Custom loaders may hand over views.
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : undefined;
  return bytes?.length ? { bytes, ...timingOf(stats) } : undefined;
}
