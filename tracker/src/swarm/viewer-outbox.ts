import type { TrackerMessage } from '@nearcast/protocol';
import type { ConnectionId } from './viewer.ts';

/** Filled by the commands: who is to be told what. */
export type ViewerOutbox = { readonly to: ConnectionId; readonly message: TrackerMessage }[];
