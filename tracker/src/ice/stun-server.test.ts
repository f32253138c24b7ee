import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import { patience } from '../testing/test-viewer.ts';
import { type StunOutcome, StunServer } from './stun-server.ts';

const request = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex');
let server: StunServer | undefined;
const sockets: Socket[] = [];
const counted: StunOutcome[] = [];
let now = 0;

afterEach(() => {
  server?.close();
  for (const socket of sockets.splice(0)) socket.close();
  counted.length = 0;
  now = 0;
});

function start(host: string): Promise<number> {
  server = new StunServer({ now: () => now, after: () => () => undefined }, (outcome) => counted.push(outcome));
  return server.listen(0, host);
}

async function client(type: 'udp4' | 'udp6'): Promise<Socket> {
  const socket = createSocket(type);
  sockets.push(socket);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return socket;
}

const families = [
  ['udp4', '127.0.0.1', 0x01],
  ['udp6', '::1', 0x02],
] as const;
const isHere = (wanted: string) =>
  Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === wanted));

test.each(families.filter(([, address]) => isHere(address)))(
  'over %s a client learns its own address',
  async (type, address, family) => {
    const port = await start('0.0.0.0');
    const socket = await client(type);
    const answered = once(socket, 'message');
    socket.send(request, port, address);
    const [answer] = (await answered) as [Buffer];
    expect(answer.subarray(4, 20)).toEqual(request.subarray(4));
    expect(answer[25]).toBe(family);
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(socket.address().port);
    const unmasked = [...answer.subarray(28)].map((byte, index) => byte ^ (answer[4 + index] ?? 0));
    expect(unmasked).toEqual(type === 'udp4' ? [127, 0, 0, 1] : [...new Array(15).fill(0), 1]);
  },
);

test('one address gets only so many answers, and more after a while', async () => {
  const port = await start('127.0.0.1');
  const socket = await client('udp4');
  // In portions: a socket's buffer takes only so many datagrams that nobody has read yet.
  const ask = async (count: number) => {
    const until = counted.length + count;
    while (counted.length < until) {
      const before = counted.length;
      const portion = Math.min(50, until - before);
      for (let sent = 0; sent < portion; sent++) socket.send(request, port, '127.0.0.1');
      await vi.waitFor(() => expect(counted).toHaveLength(before + portion), patience);
    }
  };
  await ask(1010);
  expect(counted.filter((outcome) => outcome === 'limited')).toHaveLength(10);
  now += 1000;
  await ask(100);
  expect(counted.slice(-100)).toEqual(new Array(100).fill('answered'));
});

test('what is not STUN is counted and not answered; what is not understood is refused', async () => {
  const port = await start('127.0.0.1');
  const socket = await client('udp4');
  socket.send(Buffer.from('GET / HTTP/1.1'), port, '127.0.0.1');
  const answered = once(socket, 'message');
  socket.send(
    Buffer.concat([Buffer.from('00010008', 'hex'), request.subarray(4), Buffer.from('0003000400000006', 'hex')]),
    port,
    '127.0.0.1',
  );
  const [answer] = (await answered) as [Buffer];
  expect(answer.readUInt16BE(0)).toBe(0x0111);
  expect(counted).toEqual(['malformed', 'refused']);
});

test('a port in use is told with its code', async () => {
  const taken = (await client('udp4')).address().port;
  server = new StunServer({ now: () => 0, after: () => () => undefined }, () => undefined);
  await expect(server.listen(taken, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
