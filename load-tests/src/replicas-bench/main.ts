import { cpus } from 'node:os';
import { wholeNumber } from '@nearcast/service-kit';
import { Command } from 'commander';
import { startFleet } from './fleet.ts';
import { type MeetingLoad, runMeetings } from './meeting-load.ts';

interface Options extends MeetingLoad {
  readonly rounds: number;
}

const options = new Command('npm run bench:replicas --')
  .description('Replicas that are one tracker through Redis, beside one process alone: viewers join, meet and signal.')
  .option('--rounds <number>', 'how often each arm has its turn', wholeNumber(1, 100), 3)
  .option('--seconds <number>', 'how long viewers join in a turn', wholeNumber(1, 600), 10)
  .option('--joins-per-second <number>', 'over all replicas', wholeNumber(1, 10_000), 40)
  .option('--viewers-per-swarm <number>', 'who follow one another', wholeNumber(2, 100_000), 8)
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

const arms = [
  { name: 'one, without Redis', replicas: 1, withRedis: false },
  { name: 'one, with Redis', replicas: 1, withRedis: true },
  { name: 'two, with Redis', replicas: 2, withRedis: true },
] as const;

/** Of one turn; times in ms. */
interface Turn {
  readonly p50: number;
  readonly p99: number;
  readonly busiestPerJoin: number;
  readonly redisPerJoin: number;
  readonly lettersPerJoin: number;
  readonly missing: number;
}

async function turn({ replicas, withRedis }: (typeof arms)[number]): Promise<Turn> {
  const fleet = await startFleet(replicas, withRedis);
  try {
    // The first joins compile the program.
    await runMeetings(fleet.ports, { ...options, seconds: 8 });
    const before = await fleet.usage();
    const { joins, answeredMs, unanswered } = await runMeetings(fleet.ports, options);
    const after = await fleet.usage();
    const used = after.replicaSeconds.map((seconds, index) => seconds - (before.replicaSeconds[index] ?? 0));
    const at = (share: number) => answeredMs[Math.floor(share * (answeredMs.length - 1))] ?? Number.NaN;
    return {
      p50: at(0.5),
      p99: at(0.99),
      busiestPerJoin: (1000 * Math.max(...used)) / joins,
      redisPerJoin: (1000 * (after.redisSeconds - before.redisSeconds)) / joins,
      lettersPerJoin: (after.redisCommands - before.redisCommands) / joins,
      missing: unanswered + after.lost - before.lost,
    };
  } finally {
    await fleet.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

const turns = new Map<string, Turn[]>(arms.map(({ name }) => [name, []]));
for (let round = 0; round < options.rounds; round++) {
  for (const arm of arms) turns.get(arm.name)?.push(await turn(arm));
}
say(
  `${options.joinsPerSecond} joins/s for ${options.seconds} s in swarms of ${options.viewersPerSwarm}, each pair with an`,
);
say(
  `offer, an answer and 6 candidates; medians of ${options.rounds} turns; ${cpus().length} processors for everything:\n`,
);
say(
  '| replicas | offer → answer p50 ms | p99 ms | busiest replica, ms of processor per join | carries, of one alone | Redis, ms per join | round trips per join | missing |',
);
say('|---|---|---|---|---|---|---|---|');
const of = (name: string, pick: (of: Turn) => number) => median((turns.get(name) ?? []).map(pick));
const alone = of(arms[0].name, ({ busiestPerJoin }) => busiestPerJoin);
for (const { name } of arms) {
  const busiest = of(name, ({ busiestPerJoin }) => busiestPerJoin);
  const figures = [
    of(name, ({ p50 }) => p50).toFixed(1),
    of(name, ({ p99 }) => p99).toFixed(1),
    busiest.toFixed(2),
    (alone / busiest).toFixed(2),
    of(name, ({ redisPerJoin }) => redisPerJoin).toFixed(2),
    of(name, ({ lettersPerJoin }) => lettersPerJoin).toFixed(1),
    of(name, ({ missing }) => missing).toFixed(0),
  ];
  say(`| ${name} | ${figures.join(' | ')} |`);
}
