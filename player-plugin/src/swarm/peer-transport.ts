import type { ConnectionKind, Signal } from '@nearcast/protocol';

/** A connection to one peer: two reliable channels, control in order, data not. Adapters: WebRTC, and memory. */
export interface PeerTransport {
  /** How the two are connected, once that is known. */
  readonly kind?: ConnectionKind | undefined;
  /** Bytes of data messages that it has not put on the line yet, where it has a queue of its own. */
  readonly heldBytes?: number;
  /** From the other end, through the tracker. */
  signal(signal: Signal): void;
  sendControl(message: Uint8Array): void;
  /** Takes its bytes at once: the sender overwrites them with the next message. */
  sendData(message: Uint8Array): void;
  /** Ends it; `closed` is not called for it. */
  close(): void;
}

/** What a connection tells. Nothing comes after `closed`. */
export interface PeerTransportEvents {
  /** To be brought to the other end, through the tracker. */
  signal(signal: Signal): void;
  /** Both channels are open. */
  opened(): void;
  control(message: Uint8Array): void;
  data(message: Uint8Array): void;
  /** It could not be made, or it broke, or the other end closed it. */
  closed(): void;
}

/** Begins a connection; whoever is to `initiate` makes the offer. */
export type ConnectPeer = (initiate: boolean, events: PeerTransportEvents) => PeerTransport;
