interface Counted {
  readonly channelBytes: number;
  readonly wireBytes: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
}

const nothing: Counted = { channelBytes: 0, wireBytes: 0, packetsSent: 0, packetsReceived: 0 };

/** Figures of a channel vanish with it, so what was once seen stays. */
function most(a: Counted, b: Counted): Counted {
  return combine(a, b, Math.max);
}

function plus(a: Counted, b: Counted): Counted {
  return combine(a, b, (one, other) => one + other);
}

function combine(a: Counted, b: Counted, by: (one: number, other: number) => number): Counted {
  return {
    channelBytes: by(a.channelBytes, b.channelBytes),
    wireBytes: by(a.wireBytes, b.wireBytes),
    packetsSent: by(a.packetsSent, b.packetsSent),
    packetsReceived: by(a.packetsReceived, b.packetsReceived),
  };
}

/**
 * Counts what every RTCPeerConnection of the page sends, whichever engine made it: the browser's own figures, so that
 * engines are measured alike. A connection's last seconds are lost when it closes between two looks.
 */
export class ChannelMeter {
  readonly #open = new Map<RTCPeerConnection, Counted>();
  #closed = nothing;

  /** From now on every new connection is counted. */
  install(): void {
    const adopt = (connection: RTCPeerConnection) => this.#open.set(connection, nothing);
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
    return [...this.#open.values()].reduce(plus, this.#closed);
  }

  async #look(connection: RTCPeerConnection, counted: Counted): Promise<void> {
    if (connection.connectionState === 'closed') {
      this.#open.delete(connection);
      this.#closed = plus(this.#closed, counted);
      return;
    }
    let seen = nothing;
    for (const stats of (await connection.getStats()).values()) {
      if (stats.type === 'data-channel') seen = plus(seen, { ...nothing, channelBytes: stats.bytesSent ?? 0 });
      else if (stats.type === 'candidate-pair') {
        const { bytesSent: wireBytes = 0, packetsSent = 0, packetsReceived = 0 } = stats;
        seen = plus(seen, { ...nothing, wireBytes, packetsSent, packetsReceived });
      }
    }
    this.#open.set(connection, most(counted, seen));
  }
}
