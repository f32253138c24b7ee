import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { listParser, wholeNumber } from '@nearcast/service-kit';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runIdleBench } from './idle-bench.ts';
import { runJoinBench } from './join-bench.ts';
import { idleTable, joinTable, replicaTable, sessionTable, torrentTable } from './print-tables.ts';
import { openFilesLimit } from './process-memory.ts';
import { runReplicaBench } from './replica-bench.ts';
import { runSessionBench } from './session-bench.ts';
import { runTorrentBench } from './torrent-bench.ts';

const parts = ['torrent', 'idle', 'joins', 'sessions', 'replicas'] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly parts: readonly Part[];
  readonly rounds?: number;
  readonly rate: number;
  readonly peers: number;
  readonly connections?: number;
  readonly joinRate: number;
  readonly quick: boolean;
  readonly json?: string;
}

const list = listParser();
function parseParts(text: string): Part[] {
  return list(text).map((name) => {
    const part = parts.find((known) => known === name);
    if (!part) throw new InvalidArgumentError(`It must be a list of: ${parts.join(', ')}.`);
    return part;
  });
}

const options = new Command('npm run bench:tracker --')
  .description('The tracker beside others under the same load. Linux; the server has the first core to itself.')
  .addOption(new Option('--parts <names>', `what to measure: ${parts.join(', ')}`).default(parts).argParser(parseParts))
  .option(
    '--rounds <number>',
    'turns of each arm (default 15 in `torrent`, 3 in `sessions` and `replicas`; quick 3 and 1)',
    wholeNumber(1, 1000),
  )
  .option('--rate <number>', 'announces per second in `torrent`', wholeNumber(1, 100_000), 1200)
  .option('--peers <number>', 'peers in `torrent`', wholeNumber(50, 15_000), 1000)
  .option('--connections <number>', 'connections in `joins` (default 15000, quick 1000)', wholeNumber(10, 60_000))
  .option('--join-rate <number>', 'joins per second in `joins`', wholeNumber(1, 10_000), 500)
  .option('--quick', 'seconds instead of minutes: whether it works, not how fast', false)
  .option('--json <file>', 'where to write every figure')
  .allowExcessArguments(false)
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();

const { quick } = options;
const connections = options.connections ?? (quick ? 1000 : 15_000);
const say = (text: string) => void process.stdout.write(`${text}\n`);

/** Beside its connections a process has its own files open. */
const OTHER_FILES = 100;
if (options.parts.includes('joins') && openFilesLimit() < connections + OTHER_FILES) {
  process.stderr.write(
    `${connections} connections need as many open files, and ${openFilesLimit()} are allowed: run \`ulimit -n ${connections + OTHER_FILES}\` first, or choose fewer with --connections\n`,
  );
  process.exit(2);
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
const results: Record<string, unknown> = { machine, options };
say(machine);

if (options.parts.includes('torrent')) {
  const plan = {
    peers: options.peers,
    announcesPerSecond: options.rate,
    rounds: options.rounds ?? (quick ? 3 : 15),
    seconds: quick ? 1 : 2,
  };
  const rows = await runTorrentBench(plan);
  results.torrent = rows;
  say(torrentTable(rows, plan));
}
if (options.parts.includes('idle')) {
  const rows = await runIdleBench(quick ? 1000 : 5000);
  results.idle = rows;
  say(idleTable(rows));
}
if (options.parts.includes('joins')) {
  const joinsPerSize = quick ? 300 : 2000;
  const result = await runJoinBench({ connections, joinsPerSecond: options.joinRate, joinsPerSize });
  results.joins = result;
  say(joinTable(result));
}
if (options.parts.includes('sessions')) {
  const plan = quick
    ? { viewers: 200, scale: 60, rounds: options.rounds ?? 1, seconds: 4 }
    : { scale: 60, rounds: options.rounds ?? 3, seconds: 10 };
  const rows = await runSessionBench(plan);
  results.sessions = rows;
  say(sessionTable(rows, plan));
}
if (options.parts.includes('replicas')) {
  const plan = quick
    ? { viewers: 200, scale: 20, rounds: options.rounds ?? 1, seconds: 4 }
    : { scale: 60, rounds: options.rounds ?? 3, seconds: 10 };
  const rows = await runReplicaBench(plan);
  results.replicas = rows;
  say(replicaTable(rows, plan));
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
