import { startTracker } from '@nearcast/tracker';
import { letHeapGrow } from '@nearcast/tracker/heap-growth';

/**
 * Our tracker on free ports, as it comes but for what one viewer may ask. Its settings are the first argument, as JSON;
 * `scale` is how much faster than life time passes for it, as it does for its viewers.
 */
const { scale = 1, ...settings } = JSON.parse(process.argv[2] ?? '{}');
const clock = {
  now: () => performance.now() * scale,
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms / scale);
    return () => clearTimeout(timer);
  },
};
letHeapGrow();
const tracker = await startTracker(
  {
    port: 0,
    adminPort: 0,
    host: '127.0.0.1',
    // A connection that joins again and again stands for as many viewers.
    maxIntroductions: 0,
    ...settings,
  },
  { clock, random: Math.random, epochMs: Date.now },
);
process.once('disconnect', () => process.exit(0));
process.send?.({ port: tracker.port, adminPort: tracker.adminPort });
