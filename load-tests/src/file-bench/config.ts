import { wholeNumber } from '@nearcast/service-kit';
import { Command, InvalidArgumentError, Option } from 'commander';

export interface FileBenchConfig {
  readonly scene: 'download' | 'playback';
  /** Viewers, all in one browser. Of playback: how many begin one after another, each alone. */
  readonly viewers: number;
  /** Of the file that is downloaded, MiB. Played is the sample film. */
  readonly size: number;
  /** From one viewer's coming to the next one's; `finish`: when the one before has all. */
  readonly join: number | 'finish';
  /** bit/s both ways of each viewer's line. Without it: this machine's own speed. */
  readonly line?: number;
  /** How often both arms are run; the table has medians. */
  readonly rounds: number;
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}

function parseJoin(text: string): number | 'finish' {
  if (text === 'finish') return text;
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new InvalidArgumentError('It must be seconds, or "finish".');
}

/** @throws {CommanderError} for a flag that is wrong, and after help was printed; it has been told to the user */
export function parseConfig(argv: readonly string[], tell?: (sentence: string) => void): FileBenchConfig {
  const command = new Command('npm run bench:files --')
    .description('Real viewers in a real browser get a file, plainly and shared, one arm after the other.')
    .addOption(new Option('--scene <scene>', 'what they do').choices(['download', 'playback']).default('download'))
    .option('--viewers <count>', 'how many', wholeNumber(1, 32), 2)
    .option('--size <MiB>', 'of the file that is downloaded', wholeNumber(1, 500), 32)
    .option('--join <seconds>', 'from one viewer to the next, or "finish": when the one before has all', parseJoin, 0)
    .option('--line <mbit>', "Mbit/s both ways of each viewer's line (default: unshaped)", positive)
    .option('--rounds <count>', 'how often; the table shows medians', wholeNumber(1, 100), 1)
    .allowExcessArguments(false)
    .exitOverride();
  if (tell) command.configureOutput({ writeErr: tell });
  const { line, ...flags } = command.parse(argv, { from: 'user' }).opts<FileBenchConfig>();
  return { ...flags, ...(line === undefined ? {} : { line: line * 1e6 }) };
}
