import type { P2PEvents } from '../events.ts';

/** What a shared file tells, in the past tense. */
export type FileP2PEvents = Omit<P2PEvents, 'segmentDelivered'> & {
  /** So much of the file is here and verified. */
  progress: { readonly verifiedBytes: number; readonly totalBytes: number };
};
