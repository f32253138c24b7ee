import type { ConnectPeer, PeerTransport } from '@nearcast/player-plugin/engine';
import type { Signal } from '@nearcast/protocol';

/** Two ends that can meet, and how time passes for them. */
export interface TransportPair {
  readonly ends: readonly [ConnectPeer, ConnectPeer];
  /** Lets time pass until it holds. @throws when it does not within reason */
  until(holds: () => boolean): Promise<void>;
  /** Lets so much time pass that whatever is under way has arrived. */
  settle(): Promise<void>;
}

/** One thing that the swarm takes for granted of a connection, whatever carries it. It runs in pages, too: no test library. */
export interface TransportPromise {
  readonly says: string;
  /** @throws when it is broken */
  check(pair: TransportPair): Promise<void>;
}

class End {
  readonly transport: PeerTransport;
  readonly heard: string[] = [];
  readonly control: Uint8Array[] = [];
  readonly data: Uint8Array[] = [];

  constructor(connect: ConnectPeer, initiate: boolean, bring: (signal: Signal) => void) {
    this.transport = connect(initiate, {
      signal: bring,
      opened: () => this.heard.push('opened'),
      control: (message) => {
        this.heard.push('control');
        this.control.push(message.slice());
      },
      data: (message) => {
        this.heard.push('data');
        this.data.push(message.slice());
      },
      closed: () => this.heard.push('closed'),
    });
  }
}

/** Signals take a moment, as they do through a tracker: none comes before both ends are there. */
function introduce([first, second]: TransportPair['ends']): readonly [End, End] {
  const later = (run: () => void) => void Promise.resolve().then(run);
  const a: End = new End(first, true, (signal) => later(() => b.transport.signal(signal)));
  const b: End = new End(second, false, (signal) => later(() => a.transport.signal(signal)));
  return [a, b];
}

async function meet(pair: TransportPair): Promise<readonly [End, End]> {
  const [a, b] = introduce(pair.ends);
  await pair.until(() => a.heard.includes('opened') && b.heard.includes('opened'));
  return [a, b];
}

function numbered(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => new Uint8Array(bytes).fill(index));
}

function expectSame(found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`expected ${other.slice(0, 300)}, found ${one.slice(0, 300)}`);
}

const textOf = (messages: readonly Uint8Array[]) => messages.map((message) => [...message]);

export const transportPromises: readonly TransportPromise[] = [
  {
    says: 'it opens at both ends, once, before anything arrives',
    async check(pair) {
      const [a, b] = await meet(pair);
      a.transport.sendControl(Uint8Array.of(1));
      await pair.until(() => b.control.length === 1);
      expectSame([a.heard, b.heard], [['opened'], ['opened', 'control']]);
    },
  },
  {
    says: 'it brings control messages whole and in their order, both ways',
    async check(pair) {
      const [a, b] = await meet(pair);
      const sent = numbered(100, 700);
      for (const message of sent) {
        a.transport.sendControl(message);
        b.transport.sendControl(message);
      }
      await pair.until(() => a.control.length === sent.length && b.control.length === sent.length);
      expectSame([textOf(a.control), textOf(b.control)], [textOf(sent), textOf(sent)]);
    },
  },
  {
    says: 'it brings every piece of data whole, in whatever order',
    async check(pair) {
      const [a, b] = await meet(pair);
      const sent = numbered(100, 8 * 1024);
      for (const message of sent) a.transport.sendData(message);
      await pair.until(() => b.data.length === sent.length);
      expectSame(textOf(b.data.toSorted((one, other) => (one[0] ?? 0) - (other[0] ?? 0))), textOf(sent));
    },
  },
  {
    says: 'when one end closes it, the other hears what was said last, then that it is closed, then nothing',
    async check(pair) {
      const [a, b] = await meet(pair);
      a.transport.sendControl(Uint8Array.of(7));
      a.transport.close();
      b.transport.sendControl(Uint8Array.of(8));
      await pair.until(() => b.heard.includes('closed'));
      a.transport.sendControl(Uint8Array.of(9));
      b.transport.sendData(Uint8Array.of(9));
      b.transport.close();
      await pair.settle();
      expectSame([a.heard, b.heard], [['opened'], ['opened', 'control', 'closed']]);
    },
  },
  {
    says: 'it can be closed before it is open',
    async check(pair) {
      const [a, b] = introduce(pair.ends);
      a.transport.close();
      await pair.settle();
      expectSame([a.heard, b.heard.includes('opened')], [[], false]);
      b.transport.close();
    },
  },
  {
    says: 'signals that make no sense neither throw nor open it',
    async check(pair) {
      const end = new End(pair.ends[1], false, () => undefined);
      end.transport.signal({ description: { type: 'answer', sdp: 'v=0' } });
      end.transport.signal({ candidate: { candidate: 'candidate:nonsense', sdpMid: '0' } });
      end.transport.sendControl(Uint8Array.of(1));
      await pair.settle();
      expectSame(end.heard.includes('opened'), false);
      end.transport.close();
    },
  },
];
