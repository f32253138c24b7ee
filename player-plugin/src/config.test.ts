import { describe, expect, test } from 'vitest';
import { type P2POptions, type ResolvedOptions, resolveOptions } from './config.ts';

const tracker = 'wss://tracker.example';

describe('resolveOptions', () => {
  test('one line is enough', async () => {
    const options = resolveOptions({ tracker }) as ResolvedOptions;
    expect(options).toMatchObject({
      trackers: [tracker],
      integrity: 'require',
      preset: 'auto',
      upload: { maxBitrate: Number.POSITIVE_INFINITY, maxRatio: 2, onMetered: 'never' },
      engine: 'swarm',
    });
    expect(await options.consent()).toBe(true);
    expect(await options.token()).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /needs options/],
    ['no tracker', {}, /tracker is missing/],
    ['an empty list of trackers', { tracker: [] }, /tracker is missing/],
    ['a tracker that is no URL', { tracker: 'tracker' }, /ws:\/\/ or wss:\/\/ URL, not "tracker"/],
    ['a tracker over http', { tracker: [tracker, 'https://x'] }, /not "https:\/\/x"/],
    ['a misspelt option', { tracker, trakcer: 1 }, /unknown option "trakcer"/],
    ['an option by a name that every object has', { tracker, constructor: 1 }, /unknown option "constructor"/],
    ['a misspelt upload option', { tracker, upload: { maxRate: 1 } }, /unknown option "upload.maxRate"/],
    ['another engine', { tracker, engine: 'warp' }, /engine must be one of "swarm"/],
    ['a cap below zero', { tracker, upload: { maxRatio: -1 } }, /upload.maxRatio must be/],
    ['a cap that is no number', { tracker, upload: { maxBitrate: '1' } }, /upload.maxBitrate must be/],
    ['another metered policy', { tracker, upload: { onMetered: 'maybe' } }, /onMetered must be/],
    ['another consent', { tracker, consent: true }, /consent must be/],
  ])('%s is one sentence', (_, given, sentence) => {
    expect(resolveOptions(given as P2POptions)).toMatch(sentence);
  });
});
