import type { NodeId } from './rendezvous.ts';

/** What replicas share. Everything fails while it is away; nothing waits for it to come back. */
export interface Bus {
  /** From here on what is sent to this name arrives here, and no longer what is sent to others. */
  listen(self: NodeId): Promise<void>;
  /**
   * Renews this replica's lease.
   * @param former the name that it had before, whose lease ends
   * @returns who has a lease; without this replica when what is sent to it would not arrive
   */
  beat(self: NodeId, former?: NodeId): Promise<readonly NodeId[]>;
  /** This one's lease ends: it says so itself, or nothing reaches it. */
  end(node: NodeId): Promise<void>;
  /** @returns whether somebody listens there */
  publish(to: NodeId, text: string): Promise<boolean>;
  /** @param known what is blocked here, for a Redis that has lost its memory @returns the blocked swarms */
  blocked(known?: readonly string[]): Promise<readonly string[]>;
  setBlocked(swarm: string, isBlocked: boolean): Promise<void>;
  /** @returns whether nobody had taken it before, within `forMs` */
  takeToken(token: string, forMs: number): Promise<boolean>;
  /** What all replicas have in common from the start of the first on: its secret, or `ours` if this is the first. */
  secret(ours: string): Promise<string>;
  /** The latest thing that went wrong, for the operator. */
  problem(): string;
  close(): void;
}

export interface BusEvents {
  mail(text: string): void;
  /** Somebody came or went. */
  membersChanged(): void;
  /** A swarm was blocked or unblocked at another replica. */
  blockedChanged(): void;
  /** The connection broke: what was sent meanwhile is lost, in both directions. */
  broken(): void;
}
