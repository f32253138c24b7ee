import { Command, InvalidArgumentError, Option } from 'commander';
import { collectSeldom } from './collect-seldom.ts';
import { printResult, printTrace } from './print-result.ts';
import { scenarios } from './scenarios.ts';
import { World, type WorldConfig, worldDefaults } from './world.ts';

interface SimOptions {
  readonly scenario: string;
  readonly viewers: number;
  readonly seed: number;
  readonly seconds?: number;
  /** Mbit/s of everybody's uplink. */
  readonly uplink?: number;
  readonly regions?: number;
  /** s. */
  readonly trace?: number;
  readonly json?: boolean;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(Number.isFinite(number) && number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const names = Object.keys(scenarios);

const options = new Command('npm run sim --')
  .description('The real engine and the real swarm state under a virtual clock, with model lines and model players.')
  .addOption(new Option('--scenario <name>', 'what happens').choices(names).default('live'))
  .option('--viewers <count>', 'how many watch', whole, 100)
  .option('--seed <number>', 'the same seed is the same world', whole, 1)
  .option('--seconds <number>', 'how long, in virtual time', positive)
  .option('--uplink <mbit>', "everybody's uplink, Mbit/s, instead of the scenario's", positive)
  .option('--regions <count>', 'regions, far from each other', whole)
  .option('--trace <seconds>', 'follow the segment that is new at this moment through the swarm', positive)
  .option('--json', 'print the result as JSON')
  .addHelpText('after', `\nScenarios:\n${names.map((name) => `  ${name.padEnd(14)}${scenarios[name]?.is}`).join('\n')}`)
  .allowExcessArguments(false)
  .parse()
  .opts<SimOptions>();

collectSeldom();
const { uplink, seconds, regions, trace } = options;
const config: Partial<WorldConfig> = {
  ...scenarios[options.scenario]?.config,
  seed: options.seed,
  viewers: options.viewers,
  ...(seconds === undefined ? {} : { seconds }),
  ...(trace === undefined ? {} : { traceAtSeconds: trace }),
  ...(regions === undefined ? {} : { regions }),
  ...(uplink === undefined ? {} : { uplink: () => uplink * 1_000_000 }),
};
const result = await new World(config).run();
const { maxRSS } = process.resourceUsage();
if (options.json) process.stdout.write(`${JSON.stringify({ ...result, viewers: options.viewers })}\n`);
else printResult(scenarios[options.scenario]?.is ?? '', { ...worldDefaults, ...config }, result, maxRSS * 1024);
if (result.trace && !options.json) printTrace(result.trace);
