import { cpus } from 'node:os';
import { wholeNumber } from '@nearcast/service-kit';
import { Command, Option } from 'commander';
import { runHerd } from './cold-objects.ts';
import { runHot } from './hot-objects.ts';
import { type MemoryResult, runThrough } from './memory-bound.ts';
import { type CacheServer, startNginx, startOurs } from './servers.ts';
import { startOrigin } from './test-origin.ts';

const OBJECT_BYTES = 1_000_000;
const MEMORY_MIB = 256;
const ALLOWED_OVERHEAD_BYTES = 150e6;
/** What passes through, and how much of it: a bound that holds for one size alone is none. */
const PASSING = [
  { objectBytes: 1_000_000, share: 1 },
  { objectBytes: 100_000, share: 0.2 },
  { objectBytes: 20_000_000, share: 0.4 },
];
const PASSING_CLIENTS = 32;
const SIGNED_OBJECTS = 500;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly gigabytes: number;
  readonly only?: 'hot' | 'cold' | 'memory';
}

const options = new Command('npm run bench:edge --')
  .description('The edge beside nginx with an equivalent proxy_cache, in front of the same origin.')
  .option('--rounds <number>', 'how often each arm has its turn', wholeNumber(1, 100), 5)
  .option('--seconds <number>', 'how long a turn is measured', wholeNumber(1, 600), 5)
  .option('--gigabytes <number>', 'what passes through for the memory bound', wholeNumber(1, 1000), 5)
  .addOption(new Option('--only <part>', 'one part of it').choices(['hot', 'cold', 'memory']))
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

const say = (line: string) => void process.stdout.write(`${line}\n`);
const number = (value: number, digits = 2) => value.toFixed(digits);

const origin = await startOrigin(OBJECT_BYTES, Math.max(...PASSING.map(({ objectBytes }) => objectBytes)));
const servers: CacheServer[] = [];
async function open(starting: Promise<CacheServer>): Promise<CacheServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

async function metric(server: CacheServer, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

async function hot(arms: readonly CacheServer[]): Promise<void> {
  say(`\nCached objects of 1 MB, 64 connections, medians of ${options.rounds} turns of ${options.seconds} s:\n`);
  const results = await runHot(arms, { connections: 64, objects: 100, ...options });
  const base = results[0];
  say('| server | MB/s | MB per core-second | of nginx | p50 ms | p99 ms | of nginx | failures |');
  say('|---|---|---|---|---|---|---|---|');
  for (const { name, bytesPerSecond, bytesPerCoreSecond, p50Ms, p99Ms, failures } of results) {
    const perCore = `${number(bytesPerCoreSecond / 1e6, 0)} | ${number(bytesPerCoreSecond / (base?.bytesPerCoreSecond ?? 0))}`;
    const latency = `${number(p50Ms, 1)} | ${number(p99Ms, 1)} | ${number(p99Ms / (base?.p99Ms ?? 0))}`;
    say(`| ${name} | ${number(bytesPerSecond / 1e6, 0)} | ${perCore} | ${latency} | ${failures} |`);
  }
}

async function herd(arms: readonly CacheServer[]): Promise<void> {
  say('\nOne object that nobody has, asked for by 1,000 clients at once:\n');
  say('| server | origin fetches | all served after ms |');
  say('|---|---|---|');
  for (const arm of arms) {
    const { originFetches, allServedMs } = await runHerd(arm, origin, 1000);
    say(`| ${arm.name} | ${originFetches} | ${number(allServedMs, 0)} |`);
  }
}

async function memory(): Promise<void> {
  const bound = MEMORY_MIB * 1024 ** 2 + ALLOWED_OVERHEAD_BYTES;
  say(`\nMemory while objects pass through a cache of ${MEMORY_MIB} MiB; the bound is ${number(bound / 1e6, 0)} MB:\n`);
  say('| object, MB | passed, GB | resident before, MB | at most, MB | of the bound |');
  say('|---|---|---|---|---|');
  for (const { objectBytes, share } of PASSING) {
    const arm = await open(startOurs(origin.url, ['--memory-size', `${MEMORY_MIB}MiB`]));
    const bytes = share * options.gigabytes * 1e9;
    const result = await runThrough(arm, { objectBytes, bytes, clients: PASSING_CLIENTS });
    say(memoryRow(result, bound));
    if (objectBytes === OBJECT_BYTES) await trust(arm, result.bytes);
    await arm.close();
    servers.splice(servers.indexOf(arm), 1);
  }
  say(`\n${trustTable.join('\n')}`);
}

function memoryRow({ objectBytes, bytes, idleBytes, peakBytes }: MemoryResult, bound: number): string {
  const sizes = `${objectBytes / 1e6} | ${number(bytes / 1e9, 1)}`;
  return `| ${sizes} | ${number(idleBytes / 1e6, 0)} | ${number(peakBytes / 1e6, 0)} | ${number(peakBytes / bound)} |`;
}

const trustTable = ['| trust, processor seconds per GB | |', '|---|---|'];

/** What hashing cost of all that passed, and signing of some of it. */
async function trust(arm: CacheServer, bytes: number): Promise<void> {
  const hashing = await metric(arm, 'nearcast_edge_hashing_seconds_total');
  trustTable.push(`| hashing, once for each object | ${number(hashing / (bytes / 1e9))} |`);
  for (let object = 0; object < SIGNED_OBJECTS; object++) {
    await (await fetch(`http://127.0.0.1:${arm.port}/signed/segment${object}.mp4.nearcast`)).arrayBuffer();
  }
  const signing = await metric(arm, 'nearcast_edge_signing_seconds_total');
  const signedGigabytes = (SIGNED_OBJECTS * OBJECT_BYTES) / 1e9;
  trustTable.push(`| signing, in segments of 1 MB | ${number(signing / signedGigabytes, 3)} |`);
}

try {
  say(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`);
  const nginx = await open(startNginx(origin.url, { workers: 1, sendfile: true }));
  const copying = await open(startNginx(origin.url, { workers: 1, sendfile: false }));
  const ours = await open(startOurs(origin.url, ['--memory-size', '512MiB']));
  if (options.only === undefined || options.only === 'hot') await hot([nginx, copying, ours]);
  if (options.only === undefined || options.only === 'cold') await herd([nginx, ours]);
  if (options.only === undefined || options.only === 'memory') await memory();
} finally {
  for (const server of servers) await server.close();
  await origin.close();
}
