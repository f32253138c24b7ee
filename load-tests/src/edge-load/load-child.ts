import { type LoadPlan, runLoad } from './load-client.ts';

// The other end of `load.ts`: gets a plan, says when it measures, and tells what came of it.
process.once('message', (plan) => {
  const tell = (message: unknown) => void process.send?.(message);
  void runLoad(plan as LoadPlan, { measuring: () => tell('measuring'), measured: () => tell('measured') })
    .then(tell)
    .finally(() => process.disconnect());
});
