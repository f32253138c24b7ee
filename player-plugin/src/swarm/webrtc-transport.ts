import type { ConnectionKind, Signal } from '@nearcast/protocol';
import { connectionKindOf } from './connection-kind.ts';
import type { ConnectPeer, PeerTransport, PeerTransportEvents } from './peer-transport.ts';

/** [P1] Both ends open the same two channels, so that neither has to wait for the other to announce them. */
const CONTROL_CHANNEL = { id: 1, negotiated: true, ordered: true } as const;
/** Pieces carry their place: order would only make one lost packet delay all others. */
const DATA_CHANNEL = { id: 2, negotiated: true, ordered: false } as const;

/**
 * Connections over WebRTC data channels.
 * @param rtc asked at each connection: the tracker may have handed out other ICE servers meanwhile
 * @param afterMessage called after each message, for work that timers of a hidden page would do late
 */
export function webRtcConnector(rtc: () => RTCConfiguration, afterMessage: () => void): ConnectPeer {
  return (initiate, events) => new WebRtcTransport(rtc(), initiate, events, afterMessage);
}

class WebRtcTransport implements PeerTransport {
  readonly #connection: RTCPeerConnection;
  readonly #control: RTCDataChannel;
  readonly #data: RTCDataChannel;
  readonly #events: PeerTransportEvents;
  readonly #afterMessage: () => void;
  /** What came while the other channel was not open yet. */
  #early: (() => void)[] | undefined = [];
  #isClosed = false;
  #kind: ConnectionKind | undefined;
  /** Descriptions and candidates are taken one after the other (RFC 8829 §4.1.10 allows nothing else). */
  #signals: Promise<void> = Promise.resolve();
  readonly #earlyCandidates: RTCIceCandidateInit[] = [];
  #hasDescribed = false;

  constructor(rtc: RTCConfiguration, initiate: boolean, events: PeerTransportEvents, afterMessage: () => void) {
    this.#events = events;
    this.#afterMessage = afterMessage;
    this.#connection = new RTCPeerConnection(rtc);
    this.#control = this.#channel('control', CONTROL_CHANNEL, (message) => events.control(message));
    this.#data = this.#channel('data', DATA_CHANNEL, (message) => events.data(message));
    this.#connection.addEventListener('icecandidate', ({ candidate }) => {
      if (!candidate || !this.#hasDescribed || this.#isClosed) return;
      // There is one section: that of the data channels.
      this.#events.signal({ candidate: { candidate: candidate.candidate, sdpMLineIndex: 0 } });
    });
    this.#connection.addEventListener('connectionstatechange', () => {
      if (this.#connection.connectionState === 'failed') this.#fail();
    });
    if (initiate) this.#inTurn(() => this.#describe('offer'));
  }

  get kind(): ConnectionKind | undefined {
    return this.#kind;
  }

  /** What the association's congestion window has not taken. */
  get heldBytes(): number {
    return this.#data.bufferedAmount;
  }

  signal(signal: Signal): void {
    this.#inTurn(async () => {
      if ('candidate' in signal) {
        if (this.#connection.remoteDescription) await this.#connection.addIceCandidate(signal.candidate);
        else this.#earlyCandidates.push(signal.candidate);
        return;
      }
      await this.#connection.setRemoteDescription(signal.description);
      for (const candidate of this.#earlyCandidates.splice(0)) await this.#connection.addIceCandidate(candidate);
      if (signal.description.type === 'offer') await this.#describe('answer');
    });
  }

  sendControl(message: Uint8Array): void {
    this.#send(this.#control, message);
  }

  sendData(message: Uint8Array): void {
    this.#send(this.#data, message);
  }

  close(): void {
    this.#isClosed = true;
    this.#early = undefined;
    // What was said last should still go out: a closing channel flushes, a closed connection does not.
    this.#control.close();
    this.#data.close();
    setTimeout(() => this.#connection.close(), CLOSE_AFTER_MS);
  }

  #channel(label: string, init: RTCDataChannelInit, receive: (message: Uint8Array) => void): RTCDataChannel {
    const channel = this.#connection.createDataChannel(label, init);
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('open', () => this.#opened());
    channel.addEventListener('close', () => this.#fail());
    channel.addEventListener('message', ({ data }) => {
      if (this.#isClosed) return;
      // Text is no frame of ours; an empty message is one that no parser takes.
      const message = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0);
      if (this.#early) this.#early.push(() => receive(message));
      else receive(message);
      this.#afterMessage();
    });
    return channel;
  }

  #opened(): void {
    if (this.#isClosed || this.#control.readyState !== 'open' || this.#data.readyState !== 'open') return;
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#events.opened();
    void this.#learnKind();
    for (const receive of early) if (!this.#isClosed) receive();
  }

  async #learnKind(): Promise<void> {
    try {
      this.#kind = connectionKindOf(await this.#connection.getStats());
    } catch {
      // It has been closed meanwhile.
    }
  }

  /** Half trickle (RFC 8838 §16): what is known soon goes in the description, and only what is late in messages of its own. */
  async #describe(type: 'offer' | 'answer'): Promise<void> {
    await this.#connection.setLocalDescription();
    await gathered(this.#connection);
    this.#hasDescribed = true;
    const sdp = this.#connection.localDescription?.sdp;
    if (sdp !== undefined && !this.#isClosed) this.#events.signal({ description: { type, sdp } });
  }

  #inTurn(step: () => Promise<void>): void {
    this.#signals = this.#signals
      .then(() => (this.#isClosed ? undefined : step()))
      // A description that makes no sense: nothing will come of this connection.
      .catch(() => this.#fail());
  }

  #send(channel: RTCDataChannel, message: Uint8Array): void {
    if (channel.readyState !== 'open') return;
    try {
      channel.send(message as Uint8Array<ArrayBuffer>);
    } catch {
      // Its buffer is full to the brim (16 MiB in Chromium): the other end takes nothing any more.
      this.#fail();
    }
  }

  #fail(): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.closed();
  }
}

const CLOSE_AFTER_MS = 500;

/** A host's own addresses take a few ms, its reflexive one a round trip to the STUN server. */
const GATHER_AT_MOST_MS = 100;

function gathered(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
    connection.addEventListener('icegatheringstatechange', finish);
    setTimeout(resolve, GATHER_AT_MOST_MS);
    finish();
  });
}
