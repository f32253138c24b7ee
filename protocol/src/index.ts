export * from './identity.ts';
export * from './limits.ts';
export * from './manifest.ts';
export * from './parse.ts';
export * from './playback-report.ts';
export * from './signalling.ts';
export * from './version.ts';
