import { startTracker } from '@nearcast/tracker';

/** Our tracker as it comes, on free ports. Its settings are the first argument, as JSON. */
const tracker = await startTracker({
  port: 0,
  adminPort: 0,
  host: '127.0.0.1',
  ...JSON.parse(process.argv[2] ?? '{}'),
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port: tracker.port });
