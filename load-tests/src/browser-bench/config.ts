import { wholeNumber } from '@nearcast/service-kit';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Uplinks } from './uplinks.ts';

export const engines = [
  'swarm',
  'p2p-media-loader',
  'p2p-media-loader-default',
  'p2p-media-loader-compat',
  'none',
] as const;

/**
 * How a viewer gets its segments: our engine; the incumbent's own hls.js plugin with windows that suit a live stream,
 * or as it comes; the incumbent's core behind our plugin; plain hls.js.
 */
export type EngineName = (typeof engines)[number];

export const modes = ['live', 'low-latency', 'vod'] as const;

/** The kind of stream: a low-latency one is live in parts of half a second. */
export type Mode = (typeof modes)[number];

export interface BenchConfig {
  readonly mode: Mode;
  /** Viewers, all in one browser. */
  readonly peers: number;
  readonly uplink: Uplinks;
  /** Packets that fit into the queue before each shaped line; the others are lost. Without it the queue is endless. */
  readonly lossQueue?: number;
  /** The arms, in the order they are run. */
  readonly engines: readonly EngineName[];
  /** How long is counted. On demand: how long the film is; it is counted until everybody has it. */
  readonly seconds: number;
  /** Live: from the first frame of the last viewer to the first counted second. */
  readonly settleSeconds: number;
  /** From one viewer's coming to the next one's. */
  readonly joinSeconds: number;
  /** How often all arms are run; the table has the medians. */
  readonly rounds: number;
  /** bit/s. Without it: the sample media, about 1.1 Mbit/s. */
  readonly mediaBitrate?: number;
  readonly json?: string;
  readonly trace?: string;
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}

function parseUplink(text: string): Uplinks {
  if (text === 'unshaped' || text === 'mixed') return { is: text };
  const mbits = Number(text);
  if (text.trim() !== '' && Number.isFinite(mbits) && mbits > 0) return { is: 'equal', bitsPerSecond: mbits * 1e6 };
  throw new InvalidArgumentError('It must be Mbit/s (such as 1.2), "mixed" or "unshaped".');
}

function parseEngines(text: string): EngineName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !engines.includes(name as EngineName));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no engine "${unknown}" (known: ${engines.join(', ')}).`);
  }
  if (new Set(names).size < names.length) throw new InvalidArgumentError('An engine is named twice.');
  return names as EngineName[];
}

interface Flags extends Omit<BenchConfig, 'joinSeconds' | 'mediaBitrate'> {
  readonly joinSeconds?: number;
  /** Mbit/s. */
  readonly mediaBitrate?: number;
}

/** @throws {CommanderError} for a flag that is wrong, and after help was printed; it has been told to the user */
export function parseConfig(argv: readonly string[], tell?: (sentence: string) => void): BenchConfig {
  const command = new Command('npm run bench:swarm --')
    .description('Real viewers in a real browser share a stream; each engine plays the same scene, one after another.')
    .addOption(new Option('--mode <mode>', 'kind of stream').choices(modes).default('live'))
    .option('--peers <count>', 'viewers', wholeNumber(1, 64), 8)
    .addOption(
      new Option('--uplink <mbit>', 'Mbit/s of each viewer, "mixed" or "unshaped"')
        .argParser(parseUplink)
        .default({ is: 'unshaped' }, 'unshaped'),
    )
    .option('--loss-queue <packets>', 'queue before each line; what does not fit is lost', wholeNumber(1, 10_000))
    .addOption(
      new Option('--engines <names>', `the arms: ${engines.join(', ')}`)
        .argParser(parseEngines)
        .default(['swarm', 'p2p-media-loader', 'none'], 'swarm,p2p-media-loader,none'),
    )
    .option('--seconds <number>', 'how long is counted; on demand, how long the film is', wholeNumber(10, 3600), 60)
    .option('--settle-seconds <number>', 'live: what is not counted, after all have come', wholeNumber(0, 600), 10)
    .option('--join-seconds <number>', 'from one viewer to the next (default: 1 live, 3 on demand)', positive)
    .option('--rounds <count>', 'how often; the table shows medians', wholeNumber(1, 100), 1)
    .option('--media-bitrate <mbit>', 'make a stream of this rate with ffmpeg (default: the sample media)', positive)
    .option('--json <file>', 'write every figure to this file')
    .option('--trace <file>', "write each viewer's timeline to this file, one JSON object per line")
    .allowExcessArguments(false)
    .exitOverride();
  if (tell) command.configureOutput({ writeErr: tell });
  const flags = command.parse(argv, { from: 'user' }).opts<Flags>();
  if (flags.lossQueue !== undefined && flags.uplink.is === 'unshaped') {
    command.error('error: --loss-queue needs an --uplink: a line without a limit has no queue');
  }
  if (flags.mode === 'low-latency' && flags.mediaBitrate !== undefined) {
    command.error('error: --media-bitrate makes no low-latency stream, of which there is only the sample');
  }
  const { joinSeconds = flags.mode === 'vod' ? 3 : 1, mediaBitrate, ...others } = flags;
  return { ...others, joinSeconds, ...(mediaBitrate === undefined ? {} : { mediaBitrate: mediaBitrate * 1e6 }) };
}
