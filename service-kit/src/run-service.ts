import { failureSentence } from './failure-sentence.ts';

export interface RunningService {
  /** One line for the operator: where it listens. */
  readonly summary: string;
  /** On SIGTERM: let those who are served go on, or elsewhere, and end. */
  drain(): Promise<void>;
  /** On SIGINT: end now. */
  close(): Promise<void>;
}

/** Runs a service until a signal ends it. Whatever keeps it from starting becomes one line and exit code 1. */
export async function runService(name: string, start: () => Promise<RunningService>): Promise<void> {
  try {
    const service = await start();
    process.once('SIGTERM', () => void service.drain().then(() => process.exit(0)));
    process.once('SIGINT', () => void service.close().then(() => process.exit(0)));
    process.stdout.write(`${name}: ${service.summary}\n`);
  } catch (error) {
    process.stderr.write(`${name}: ${failureSentence(error)}\n`);
    process.exitCode = 1;
  }
}
