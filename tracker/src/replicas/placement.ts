import type { Frame } from './frames.ts';
import type { NodeId } from './rendezvous.ts';

/** Where swarms are kept at this moment, and the way there. */
export interface Placement {
  /** This replica's name. It changes when the replica was cut off. */
  readonly self: NodeId;
  /** Whether other replicas can be reached, where there are any. */
  readonly isUp: boolean;
  ownerOf(key: string): NodeId;
  /** Whether it is one of the replicas that there are, as far as is known here. */
  isMember(node: NodeId): boolean;
  /** At most once: whoever needs more must be able to do without. */
  send(to: NodeId, frame: Frame): void;
}
