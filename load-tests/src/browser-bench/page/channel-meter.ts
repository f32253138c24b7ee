interface Counted {
  channelBytes: number;
  wireBytes: number;
}

/**
 * Counts what every RTCPeerConnection of the page sends, whichever engine made it: the browser's own figures, so that
 * engines are measured alike. A connection's last seconds are lost when it closes between two looks.
 */
export class ChannelMeter {
  readonly #open = new Map<RTCPeerConnection, Counted>();
  #closedChannelBytes = 0;
  #closedWireBytes = 0;

  /** From now on every new connection is counted. */
  install(): void {
    const adopt = (connection: RTCPeerConnection) => this.#open.set(connection, { channelBytes: 0, wireBytes: 0 });
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, given: [RTCConfiguration?]) {
        const connection = new target(...given);
        adopt(connection);
        return connection;
      },
    });
  }

  async read(): Promise<Counted> {
    await Promise.all([...this.#open].map(([connection, counted]) => this.#look(connection, counted)));
    let channelBytes = this.#closedChannelBytes;
    let wireBytes = this.#closedWireBytes;
    for (const counted of this.#open.values()) {
      channelBytes += counted.channelBytes;
      wireBytes += counted.wireBytes;
    }
    return { channelBytes, wireBytes };
  }

  async #look(connection: RTCPeerConnection, counted: Counted): Promise<void> {
    if (connection.connectionState === 'closed') {
      this.#open.delete(connection);
      this.#closedChannelBytes += counted.channelBytes;
      this.#closedWireBytes += counted.wireBytes;
      return;
    }
    let channelBytes = 0;
    let wireBytes = 0;
    for (const stats of (await connection.getStats()).values()) {
      if (stats.type === 'data-channel') channelBytes += stats.bytesSent ?? 0;
      else if (stats.type === 'candidate-pair') wireBytes += stats.bytesSent ?? 0;
    }
    // Figures of a channel vanish with it.
    counted.channelBytes = Math.max(counted.channelBytes, channelBytes);
    counted.wireBytes = Math.max(counted.wireBytes, wireBytes);
  }
}
