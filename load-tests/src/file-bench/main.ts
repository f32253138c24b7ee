import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediaFolder } from '@nearcast/demo/sample-origin';
import { failureSentence } from '@nearcast/service-kit';
import { CommanderError } from 'commander';
import { median } from '../browser-bench/statistics.ts';
import { buildPage } from './build-page.ts';
import { type FileBenchConfig, parseConfig } from './config.ts';
import type { FileResult } from './file-task.ts';
import { type ArmResult, runArm } from './run-arm.ts';

const arms = ['plain', 'shared'] as const;

function readConfig(): FileBenchConfig {
  try {
    return parseConfig(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

const config = readConfig();
const folder = mkdtempSync(join(tmpdir(), 'nearcast-files-'));
try {
  const fileName = config.scene === 'download' ? 'file.bin' : 'film.mp4';
  if (config.scene === 'download') writeFileSync(join(folder, fileName), randomBytes(config.size * 1024 ** 2));
  else symlinkSync(join(mediaFolder, 'files', fileName), join(folder, fileName));
  const stage = { config, folder, fileName, builtPage: await buildPage(join(folder, 'page')) };
  const results: ArmResult[] = [];
  for (let round = 1; round <= config.rounds; round++) {
    for (const arm of arms) {
      process.stderr.write(`${arm}, round ${round} of ${config.rounds} …\n`);
      results.push(await runArm(stage, arm));
    }
  }
  process.stdout.write(report(results));
} catch (error) {
  process.stderr.write(`bench:files: ${failureSentence(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(results: readonly ArmResult[]): string {
  const of = (arm: ArmResult['arm']) => results.filter((result) => result.arm === arm);
  const line = config.line === undefined ? 'unshaped' : `${config.line / 1e6} Mbit/s each`;
  const lines = [`${config.scene}, ${config.viewers} viewers, ${line}; ${config.rounds} rounds`];
  if (config.scene === 'download') lines.push(...downloadLines(of('plain'), of('shared')));
  else lines.push(...playbackLines(of('plain'), of('shared')));
  for (const [problem, times] of problemsOf(of('shared'))) lines.push(`not shared, ${times}×: ${problem}`);
  return `${lines.join('\n')}\n`;
}

function playbackLines(plain: readonly ArmResult[], shared: readonly ArmResult[]): string[] {
  const visit = (name: string, from: number, to: number) => {
    const some = (results: readonly ArmResult[]) =>
      results.map((result) => ({ ...result, viewers: result.viewers.slice(from, to) }));
    return compare(`first frame, ${name} visit`, some(plain), some(shared));
  };
  return [visit('first', 0, config.viewers), visit('second', config.viewers, 2 * config.viewers)];
}

function compare(what: string, plain: readonly ArmResult[], shared: readonly ArmResult[]): string {
  const [without, withIt] = [medianMs(plain), medianMs(shared)];
  const ratio = (withIt / without).toFixed(3);
  return `${what}: p50 plain ${without.toFixed(0)} ms, shared ${withIt.toFixed(0)} ms, ratio ${ratio}`;
}

function downloadLines(plain: readonly ArmResult[], shared: readonly ArmResult[]): string[] {
  const sent = (results: readonly ArmResult[]) => median(results.map(({ sentBytes }) => sentBytes));
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const offload = 1 - sent(shared) / sent(plain);
  const slowest = (results: readonly ArmResult[]) =>
    median(results.map(({ viewers }) => Math.max(...viewers.map(({ ms }) => ms))));
  const each = Array.from({ length: config.viewers }, (_, number) => {
    const one = (results: readonly ArmResult[], of: (viewer: FileResult) => number) =>
      median(results.flatMap(({ viewers }) => viewers.slice(number, number + 1)).map(of));
    const peerShare = one(shared, ({ peerBytes, edgeBytes }) => peerBytes / Math.max(1, peerBytes + edgeBytes));
    const ms = (results: readonly ArmResult[]) => one(results, ({ ms }) => ms).toFixed(0);
    return `viewer ${number + 1}: plain ${ms(plain)} ms, shared ${ms(shared)} ms, from peers ${percent(peerShare)}`;
  });
  return [
    compare('whole file', plain, shared),
    `slowest: plain ${slowest(plain).toFixed(0)} ms, shared ${slowest(shared).toFixed(0)} ms`,
    `at the edge: ${(sent(plain) / 1e6).toFixed(1)} MB plain, ${(sent(shared) / 1e6).toFixed(1)} MB shared, offload ${percent(offload)} (bound ${percent(1 - 1 / config.viewers)})`,
    ...each,
  ];
}

function medianMs(results: readonly ArmResult[]): number {
  return median(results.flatMap(({ viewers }) => viewers.map(({ ms }) => ms)));
}

function problemsOf(results: readonly ArmResult[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { problem } of results.flatMap(({ viewers }) => viewers)) {
    if (problem !== null) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  }
  return counts;
}
