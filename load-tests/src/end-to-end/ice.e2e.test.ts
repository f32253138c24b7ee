import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IceServer } from '@nearcast/protocol';
import { closeServer, listen, portOf } from '@nearcast/service-kit';
import { startTracker, type Tracker } from '@nearcast/tracker';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { programs } from '../../../scripts/programs.js';
import { launchChromium, openViewer } from '../browsers/chromium.ts';

const secret = 'what the tracker and the TURN server share';
const stop: (() => unknown)[] = [];
let browser: Browser;
let site: Server;

beforeAll(async () => {
  browser = await launchChromium();
  site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
  await listen(site, 0, '127.0.0.1');
});

afterAll(async () => {
  await browser?.close();
  await closeServer(site, 0);
});

afterEach(async () => {
  for (const end of stop.splice(0).reverse()) await end();
});

async function openPage(): Promise<Page> {
  const { page, close } = await openViewer(browser);
  stop.push(close);
  await page.goto(`http://127.0.0.1:${portOf(site)}/`);
  return page;
}

async function udpSocket(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  return socket;
}

async function freeUdpPort(): Promise<number> {
  const socket = await udpSocket();
  const { port } = socket.address();
  socket.close();
  return port;
}

async function trackerWith(config: Parameters<typeof startTracker>[0]): Promise<Tracker> {
  const tracker = await startTracker({ port: 0, adminPort: 0, host: '127.0.0.1', ...config });
  stop.push(() => tracker.close());
  return tracker;
}

/** What the page's viewer is told when it joins. */
function iceServersOf(page: Page, { port }: Tracker): Promise<IceServer[]> {
  return page.evaluate(async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'nearcast.1');
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const welcomed = new Promise<MessageEvent>((resolve) => socket.addEventListener('message', resolve));
    socket.send(JSON.stringify({ type: 'join', swarm: 's', engine: 'swarm', upload: true }));
    return JSON.parse((await welcomed).data).iceServers;
  }, port);
}

/** A home router: what comes to its inside leaves from another address, and answers find their way back. */
async function startNat(toPort: number): Promise<{ insidePort: number; outsideAddress: string; outsidePort: number }> {
  const [inside, outside] = [await udpSocket(), await udpSocket('127.0.0.2')];
  stop.push(
    () => inside.close(),
    () => outside.close(),
  );
  let client: AddressInfo | undefined;
  inside.on('message', (datagram, from) => {
    client = from;
    outside.send(datagram, toPort, '127.0.0.1');
  });
  outside.on('message', (datagram) => client && inside.send(datagram, client.port, client.address));
  return { insidePort: inside.address().port, outsideAddress: '127.0.0.2', outsidePort: outside.address().port };
}

test('a browser behind a NAT learns from the tracker where others reach it', async () => {
  const stunPort = await freeUdpPort();
  const tracker = await trackerWith({ stunPort, publicHost: '127.0.0.1' });
  const page = await openPage();
  expect(await iceServersOf(page, tracker)).toEqual([{ urls: [`stun:127.0.0.1:${stunPort}`] }]);
  const nat = await startNat(stunPort);
  const candidates = await page.evaluate(async (port) => {
    const connection = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${port}` }] });
    const found: string[] = [];
    const gathered = new Promise<void>((resolve) =>
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate) found.push(candidate.candidate);
        else resolve();
      }),
    );
    connection.createDataChannel('control');
    await connection.setLocalDescription();
    await gathered;
    connection.close();
    return found;
  }, nat.insidePort);
  expect(candidates).toContainEqual(
    expect.stringMatching(new RegExp(` ${nat.outsideAddress.replaceAll('.', '\\.')} ${nat.outsidePort} typ srflx`)),
  );
});

const bindingRequest = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex');

async function startTurnServer(port: number): Promise<void> {
  const turnserver = programs.turnserver?.find();
  if (turnserver === undefined) throw new Error('no turnserver found: node scripts/install.mjs turnserver');
  const child = spawn(
    turnserver,
    [
      '-n', // no configuration file
      ...['--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1', '--allow-loopback-peers'],
      ...['--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=nearcast'],
      // Nothing is written anywhere.
      ...['--no-tls', '--no-dtls', '--no-cli', '--log-file=stdout', '--simple-log', '--pidfile=', '--userdb=:memory:'],
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  stop.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let answered = false;
  const probe = await udpSocket();
  stop.push(() => probe.close());
  probe.on('message', () => (answered = true));
  await vi.waitFor(
    () => {
      probe.send(bindingRequest, port, '127.0.0.1');
      expect(child.exitCode).toBeNull();
      expect(answered).toBe(true);
    },
    { timeout: 20_000 },
  );
}

/** Two peers that may use nothing but the relay: whether a message gets through, or what the TURN server says. */
function relayAMessage(page: Page, iceServers: readonly IceServer[]): Promise<string> {
  return page.evaluate(async (servers) => {
    const config = { iceServers: servers as RTCIceServer[], iceTransportPolicy: 'relay' } as const;
    const [a, b] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
    const channels = [a, b].map((peer) => peer.createDataChannel('control', { negotiated: true, id: 1 }));
    const outcome = new Promise<string>((resolve) => {
      channels[0]?.addEventListener('open', () => channels[0]?.send('through the relay'));
      channels[1]?.addEventListener('message', ({ data }) => resolve(data));
      a.addEventListener('icecandidateerror', ({ errorCode }) => resolve(`refused with ${errorCode}`));
    });
    a.addEventListener('icecandidate', ({ candidate }) => candidate && void b.addIceCandidate(candidate));
    b.addEventListener('icecandidate', ({ candidate }) => candidate && void a.addIceCandidate(candidate));
    await a.setLocalDescription();
    if (a.localDescription) await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    if (b.localDescription) await a.setRemoteDescription(b.localDescription);
    const text = await outcome;
    a.close();
    b.close();
    return text;
  }, iceServers);
}

test('coturn relays for viewers with what the tracker told them, and for nobody else', async () => {
  const port = await freeUdpPort();
  await startTurnServer(port);
  const tracker = await trackerWith({ turnUrl: [`turn:127.0.0.1:${port}?transport=udp`], turnSecret: secret });
  const page = await openPage();
  const iceServers = await iceServersOf(page, tracker);
  expect(await relayAMessage(page, iceServers)).toBe('through the relay');
  const expired = iceServers.map((server) => ({ ...server, username: `1:${server.username?.split(':')[1]}` }));
  expect(await relayAMessage(page, expired)).toBe('refused with 401');
});
