import { startTracker } from '@nearcast/tracker';
import { letHeapGrow } from '@nearcast/tracker/heap-growth';

/** Our tracker on free ports, as it comes but for what one viewer may ask. Its settings are the first argument, as JSON. */
letHeapGrow();
const tracker = await startTracker({
  port: 0,
  adminPort: 0,
  host: '127.0.0.1',
  // A connection that joins again and again stands for as many viewers.
  maxIntroductions: 0,
  ...JSON.parse(process.argv[2] ?? '{}'),
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port: tracker.port });
