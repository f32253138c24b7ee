import { attachP2P, type P2PSession, type P2PStats } from '@nearcast/player-plugin';
import Hls from 'hls.js';
import { showFile } from './show-file.ts';

interface Settings {
  readonly trackerPort: number;
  readonly edgePort: number;
  readonly trackerAdminPort: number;
  readonly edgeAdminPort: number;
}

const playlists = {
  live: '/live/master.m3u8',
  'low-latency': '/low-latency/master.m3u8',
  vod: '/vod/master.m3u8',
} as const;

type Stream = keyof typeof playlists | 'download';
const SHOWN_SEGMENTS = 24;

function element<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(0)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

const shown: { readonly [K in keyof P2PStats]?: (stats: P2PStats) => string } = {
  offload: ({ offload }) => `${Math.round(offload * 100)} %`,
  peerBytes: ({ peerBytes }) => bytes(peerBytes),
  edgeBytes: ({ edgeBytes }) => bytes(edgeBytes),
  uploadedBytes: ({ uploadedBytes }) => bytes(uploadedBytes),
  connectedPeers: ({ connectedPeers }) => String(connectedPeers),
  mode: ({ mode, reason }) => (reason === undefined ? mode : `${mode} (${reason})`),
};

function show(stats: P2PStats): void {
  for (const output of document.querySelectorAll<HTMLElement>('[data-stat]')) {
    const name = output.dataset.stat as keyof P2PStats;
    output.textContent = shown[name]?.(stats) ?? '';
    output.dataset.value = String(stats[name]);
  }
  element('#bar').style.width = `${stats.offload * 100}%`;
}

function showSegment(from: 'peers' | 'edge'): void {
  const list = element('#segments');
  const item = document.createElement('li');
  item.dataset.from = from;
  item.title = from === 'peers' ? 'from peers' : 'from the edge';
  list.append(item);
  while (list.childElementCount > SHOWN_SEGMENTS) list.firstElementChild?.remove();
}

function say(message: string): void {
  element('#message').textContent = message;
}

function link(text: string, href: string): void {
  element('#links').append(' ', Object.assign(document.createElement('a'), { href, textContent: text }));
}

function follow(session: P2PSession): void {
  session.on('segmentDelivered', ({ from }) => showSegment(from));
  setInterval(() => show(session.stats), 250);
  followSharing(session);
}

/** What streams and files have in common. */
interface Sharing {
  on(event: 'warning', listener: (event: { message: string }) => void): () => void;
  on(event: 'peerConnected' | 'peerDisconnected', listener: () => void): () => void;
  setEnabled(on: boolean): void;
}

function followSharing(session: Sharing): void {
  session.on('warning', ({ message }) => say(message));
  session.on('peerConnected', () => say('a viewer joined'));
  session.on('peerDisconnected', () => say('a viewer left'));
  element<HTMLInputElement>('#share').addEventListener('change', ({ target }) =>
    session.setEnabled((target as HTMLInputElement).checked),
  );
}

function isStream(asked: string | null): asked is Stream {
  return asked !== null && (Object.hasOwn(playlists, asked) || asked === 'download');
}

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const asked = query.get('stream');
  const stream = isStream(asked) ? asked : 'live';
  const settings: Settings = await (await fetch('./settings.json')).json();
  const at = (port: number) => `http://${location.hostname}:${port}`;
  element(`[data-stream="${stream}"]`).setAttribute('aria-current', 'page');
  link('console', `${at(settings.trackerAdminPort)}/console/`);
  link('tracker', `${at(settings.trackerAdminPort)}/metrics`);
  link('edge', `${at(settings.edgeAdminPort)}/metrics`);
  element('#another').addEventListener('click', () => window.open(location.href, '_blank', 'noopener'));
  const tracker = `ws://${location.hostname}:${settings.trackerPort}`;
  if (stream === 'download') {
    const session = showFile(`${at(settings.edgePort)}/files/film.mp4`, tracker, (stats) => show(stats), say);
    followSharing(session);
    return;
  }
  if (!Hls.isSupported()) {
    say('this browser has no Media Source Extensions, which hls.js needs');
    return;
  }
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (fatal) say(`playback ended: ${details}`);
  });
  follow(attachP2P(hls, { tracker }));
  hls.loadSource(at(settings.edgePort) + playlists[stream]);
  hls.attachMedia(element<HTMLVideoElement>('#video'));
}

void main();
