import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { failureSentence } from '@nearcast/service-kit';
import { CommanderError } from 'commander';
import { buildPage } from './build-page.ts';
import { type BenchConfig, parseConfig } from './config.ts';
import { type ArmRecord, type Measures, measure, medianMeasures } from './measure.ts';
import { type BenchMedia, prepareMedia } from './media.ts';
import { runArm } from './run-arm.ts';
import { formatTable } from './table.ts';
import { describeUplinks, offloadBound } from './uplinks.ts';

interface Playing {
  readonly round: number;
  readonly record: ArmRecord;
  readonly measures: Measures;
}

function readConfig(): BenchConfig {
  try {
    return parseConfig(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

/** Opened before anything runs: a file that cannot be written must not cost ten minutes of measuring. */
function openOutput(file: string | undefined): number | undefined {
  try {
    return file === undefined ? undefined : openSync(file, 'w');
  } catch (error) {
    throw new Error(`${file} cannot be written: ${failureSentence(error)}`, { cause: error });
  }
}

async function runAll(config: BenchConfig, media: BenchMedia, traceFile: number | undefined): Promise<Playing[]> {
  const stage = { config, mediaFolder: media.folder, builtPage: await buildPage(join(media.folder, 'page')) };
  const playings: Playing[] = [];
  for (let round = 1; round <= config.rounds; round++) {
    for (const engine of config.engines) {
      process.stderr.write(`${engine}, round ${round} of ${config.rounds} …\n`);
      const record = await runArm(stage, engine, (viewer, events) => {
        if (traceFile === undefined) return;
        for (const event of events) writeSync(traceFile, `${JSON.stringify({ round, engine, viewer, ...event })}\n`);
      });
      playings.push({ round, record, measures: measure(record) });
    }
  }
  return playings;
}

function report(config: BenchConfig, media: BenchMedia, playings: readonly Playing[], json: number | undefined): void {
  const columns = config.engines.map((engine) => ({
    engine,
    measures: medianMeasures(playings.filter(({ record }) => record.engine === engine).map(({ measures }) => measures)),
  }));
  const bound = offloadBound(config.uplink, config.peers, media.bitsPerSecond);
  const queue = config.lossQueue === undefined ? '' : ` with a queue of ${config.lossQueue} packets`;
  const scene = `${config.mode}, ${config.peers} viewers, ${describeUplinks(config.uplink)}${queue}, ${(media.bitsPerSecond / 1e6).toFixed(2)} Mbit/s, ${config.seconds} s counted`;
  process.stdout.write(`${scene}; bound of offload ${(100 * bound).toFixed(1)} %\n\n${formatTable(columns)}`);
  for (const { record } of playings) {
    for (const error of record.errors) process.stderr.write(`${record.engine}: uncaught in a page: ${error}\n`);
  }
  if (json === undefined) return;
  const machine = { processors: cpus().length, model: cpus()[0]?.model };
  const result = { scene, config, bound, bitsPerSecond: media.bitsPerSecond, machine, columns, playings };
  writeFileSync(json, `${JSON.stringify(result, undefined, 1)}\n`);
}

const config = readConfig();
try {
  const json = openOutput(config.json);
  const trace = openOutput(config.trace);
  const media = prepareMedia(config);
  try {
    report(config, media, await runAll(config, media, trace), json);
  } finally {
    media.remove();
    for (const file of [json, trace]) if (file !== undefined) closeSync(file);
  }
} catch (error) {
  process.stderr.write(`bench:swarm: ${failureSentence(error)}\n`);
  process.exitCode = 1;
}
