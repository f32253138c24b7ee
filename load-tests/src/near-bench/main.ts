import { Command, InvalidArgumentError } from 'commander';
import { World, type WorldConfig, type WorldResult } from '../simulator/world.ts';

/** How much of what viewers exchange stays in their site and country, with a tracker that knows places and with one that does not. */

interface Options {
  readonly viewers: number;
  readonly seeds: number;
  readonly seconds: number;
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

const { viewers, seeds, seconds } = new Command('npm run bench:near --')
  .description('Three countries with two sites each, and as many viewers at home, in the simulator.')
  .option('--viewers <count>', 'how many watch', whole, 120)
  .option('--seeds <count>', 'worlds of each kind', whole, 3)
  .option('--seconds <number>', 'how long, in virtual time', whole, 36)
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

const arms: Readonly<Record<string, Partial<WorldConfig>>> = {
  'places known': { isPlaced: true },
  'by chance': { isPlaced: false },
};
const columns: Readonly<Record<string, (result: WorldResult) => number>> = {
  'in the site': ({ near }) => near.site,
  'in the country': ({ near }) => near.region,
  'from peers': ({ offload }) => offload,
  stalls: ({ stalls }) => stalls,
};

const results = new Map<string, WorldResult[]>();
for (let seed = 1; seed <= seeds; seed++) {
  for (const [arm, config] of Object.entries(arms)) {
    // Uplinks of one and a half times the stream: who sends to whom has to be chosen.
    const world = new World({ seed, viewers, seconds, regions: 3, sites: 2, uplink: () => 1_700_000, ...config });
    results.set(arm, [...(results.get(arm) ?? []), await world.run()]);
    process.stderr.write(`seed ${seed}, ${arm}: done\n`);
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const shown = (name: string, value: number) => (name === 'stalls' ? String(value) : `${(100 * value).toFixed(1)} %`);
const line = (cells: readonly string[]) => `${cells.map((cell) => cell.padStart(16)).join('')}\n`;
process.stdout.write(`${viewers} viewers, 3 countries, 2 sites in each, ${seconds} s, median of ${seeds}\n`);
process.stdout.write(line(['tracker', ...Object.keys(columns)]));
for (const [arm, all] of results) {
  const cells = Object.entries(columns).map(([name, read]) => shown(name, median(all.map(read))));
  process.stdout.write(line([arm, ...cells]));
}
