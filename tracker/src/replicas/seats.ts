import type { ConnectionId } from '../swarm/viewer-swarms.ts';
import type { NodeId } from './rendezvous.ts';

export interface Seat<Name> {
  readonly node: NodeId;
  readonly name: Name;
}

/** Connections at other replicas, under numbers of our own: negative, for those of our own sockets are not. */
export class Seats<Name> {
  readonly #numbers = new Map<NodeId, Map<Name, ConnectionId>>();
  readonly #seats = new Map<ConnectionId, Seat<Name>>();
  #last = 0;

  find(node: NodeId, name: Name): ConnectionId | undefined {
    return this.#numbers.get(node)?.get(name);
  }

  take(node: NodeId, name: Name): ConnectionId {
    const names = this.#numbers.get(node) ?? new Map<Name, ConnectionId>();
    this.#numbers.set(node, names);
    const known = names.get(name);
    if (known !== undefined) return known;
    this.#last -= 1;
    names.set(name, this.#last);
    this.#seats.set(this.#last, { node, name });
    return this.#last;
  }

  at(connection: ConnectionId): Seat<Name> | undefined {
    return this.#seats.get(connection);
  }

  free(connection: ConnectionId): void {
    const seat = this.#seats.get(connection);
    if (!seat) return;
    this.#seats.delete(connection);
    const names = this.#numbers.get(seat.node);
    names?.delete(seat.name);
    if (names?.size === 0) this.#numbers.delete(seat.node);
  }

  nodes(): NodeId[] {
    return [...this.#numbers.keys()];
  }

  of(node: NodeId): ConnectionId[] {
    return [...(this.#numbers.get(node)?.values() ?? [])];
  }

  all(): ConnectionId[] {
    return [...this.#seats.keys()];
  }
}
