import type { VirtualClock } from './virtual-clock.ts';

const PACKET_PAYLOAD_BYTES = 1163;

/** What the layers below a data channel cost. */
export interface PacketCost {
  /** IP, UDP, DTLS and SCTP around each packet, bytes. */
  readonly headerBytes: number;
  /** Every second packet is acknowledged by SCTP itself with a packet of about this size, bytes. */
  readonly acknowledgementBytes: number;
}

/** As captured between two Chromium (browser-shaped lines); for lines whose rate is that of what they carry it is nothing. */
export const wirePackets: PacketCost = { headerBytes: 85, acknowledgementBytes: 100 };
export const freePackets: PacketCost = { headerBytes: 0, acknowledgementBytes: 0 };

/** A viewer's line: one queue out, one queue in, each as fast as it is and no faster. */
export class HomeLine {
  readonly #clock: VirtualClock;
  readonly upBytesPerMs: number;
  readonly downBytesPerMs: number;
  #upFreeAt = 0;
  readonly #cost: PacketCost;
  #downFreeAt = 0;
  /** Bytes that left, protocol overhead included. */
  sentWireBytes = 0;

  constructor(clock: VirtualClock, upBitsPerSecond: number, downBitsPerSecond: number, cost: PacketCost) {
    this.#cost = cost;
    this.#clock = clock;
    this.upBytesPerMs = upBitsPerSecond / 8000;
    this.downBytesPerMs = downBitsPerSecond / 8000;
  }

  /** @returns when the last byte of a message has left, ms */
  send(bytes: number): number {
    const packets = Math.ceil(bytes / PACKET_PAYLOAD_BYTES);
    const wire = bytes + packets * this.#cost.headerBytes;
    this.sentWireBytes += wire;
    this.#upFreeAt = Math.max(this.#upFreeAt, this.#clock.now()) + wire / this.upBytesPerMs;
    return this.#upFreeAt;
  }

  /**
   * @param beginsAt when a message reaches the line, ms
   * @returns when it is in, behind what reached the line before, ms
   */
  receive(bytes: number, beginsAt: number): number {
    this.#downFreeAt = Math.max(this.#downFreeAt, beginsAt) + this.receivingMs(bytes);
    return this.#downFreeAt;
  }

  /** How long a message comes in while nothing else does. */
  receivingMs(bytes: number): number {
    return bytes / this.downBytesPerMs;
  }

  /** The acknowledgements that the transport below sends for what came. */
  acknowledge(bytes: number): void {
    const packets = Math.ceil(bytes / PACKET_PAYLOAD_BYTES);
    const wire = (packets / 2) * this.#cost.acknowledgementBytes;
    this.sentWireBytes += wire;
    this.#upFreeAt = Math.max(this.#upFreeAt, this.#clock.now()) + wire / this.upBytesPerMs;
  }

  /** How long what is queued will take to leave, ms. */
  get upQueueMs(): number {
    return Math.max(0, this.#upFreeAt - this.#clock.now());
  }
}
