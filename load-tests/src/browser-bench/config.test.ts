import { describe, expect, test } from 'vitest';
import { type BenchConfig, parseConfig } from './config.ts';

test('without flags: eight viewers of a live stream, unshaped, three arms of a minute', () => {
  expect(parseConfig([])).toEqual({
    mode: 'live',
    peers: 8,
    uplink: { is: 'unshaped' },
    engines: ['swarm', 'p2p-media-loader', 'none'],
    seconds: 60,
    settleSeconds: 10,
    joinSeconds: 1,
    rounds: 1,
  });
});

test.each<[string, string[], Partial<BenchConfig>]>([
  ['an uplink in Mbit/s', ['--uplink', '1.2'], { uplink: { is: 'equal', bitsPerSecond: 1_200_000 } }],
  ['mixed uplinks', ['--uplink', 'mixed'], { uplink: { is: 'mixed' } }],
  ['a short queue', ['--uplink', '2', '--loss-queue', '40'], { lossQueue: 40 }],
  ['viewers of a film come 3 s apart', ['--mode', 'vod'], { mode: 'vod', joinSeconds: 3 }],
  ['unless told otherwise', ['--mode', 'vod', '--join-seconds', '0.5'], { joinSeconds: 0.5 }],
  ['arms in the order given', ['--engines', 'none, swarm'], { engines: ['none', 'swarm'] }],
  ['a rate in Mbit/s', ['--media-bitrate', '2.5'], { mediaBitrate: 2_500_000 }],
  ['files', ['--json', 'a', '--trace', 'b'], { json: 'a', trace: 'b' }],
])('%s', (_, argv, expected) => {
  expect(parseConfig(argv)).toMatchObject(expected);
});

describe('what cannot work is refused with one line', () => {
  test.each<[string[], RegExp]>([
    [['--prot', '1'], /unknown option '--prot'/],
    [['live'], /too many arguments/],
    [['--mode', 'radio'], /'radio' is invalid.*live, low-latency, vod/],
    [['--peers', '0'], /'0' is invalid.*from 1 to 64/],
    [['--uplink', 'fast'], /'fast' is invalid.*such as 1\.2.*"mixed" or "unshaped"/],
    [['--uplink', '-1'], /'-1' is invalid/],
    [['--uplink', ''], /'' is invalid/],
    [['--engines', 'swarm,torrent'], /no engine "torrent" \(known: swarm, /],
    [['--engines', 'none,none'], /named twice/],
    [['--engines', ''], /no engine ""/],
    [['--seconds', '5'], /from 10 to 3600/],
    [['--media-bitrate', 'x'], /'x' is invalid.*above 0/],
    [['--mode', 'low-latency', '--media-bitrate', '2'], /makes no low-latency stream/],
    [['--loss-queue', '40'], /--loss-queue needs an --uplink/],
    [['--json'], /argument missing/],
  ])('%j', (argv, sentence) => {
    const told: string[] = [];
    expect(() => parseConfig(argv, (text) => told.push(text))).toThrow();
    expect(told.join('')).toMatch(sentence);
    expect(told.join('').trim().split('\n')).toHaveLength(1);
  });
});
