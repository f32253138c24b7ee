import { attachP2P, type P2PSession, type P2PStats } from '@nearcast/player-plugin';
import Hls from 'hls.js';

interface Settings {
  readonly trackerPort: number;
  readonly edgePort: number;
  readonly trackerAdminPort: number;
  readonly edgeAdminPort: number;
}

const playlists = { live: '/live/master.m3u8', vod: '/vod/master.m3u8' } as const;
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
  session.on('warning', ({ message }) => say(message));
  session.on('peerConnected', () => say('a viewer joined'));
  session.on('peerDisconnected', () => say('a viewer left'));
  element<HTMLInputElement>('#share').addEventListener('change', ({ target }) =>
    session.setEnabled((target as HTMLInputElement).checked),
  );
  setInterval(() => show(session.stats), 250);
}

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const stream = query.get('stream') === 'vod' ? 'vod' : 'live';
  const settings: Settings = await (await fetch('./settings.json')).json();
  const at = (port: number) => `http://${location.hostname}:${port}`;
  element(`[data-stream="${stream}"]`).setAttribute('aria-current', 'page');
  link('console', `${at(settings.trackerAdminPort)}/console/`);
  link('tracker', `${at(settings.trackerAdminPort)}/metrics`);
  link('edge', `${at(settings.edgeAdminPort)}/metrics`);
  element('#another').addEventListener('click', () => window.open(location.href, '_blank', 'noopener'));
  if (!Hls.isSupported()) {
    say('this browser has no Media Source Extensions, which hls.js needs');
    return;
  }
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (fatal) say(`playback ended: ${details}`);
  });
  follow(attachP2P(hls, { tracker: `ws://${location.hostname}:${settings.trackerPort}` }));
  hls.loadSource(at(settings.edgePort) + playlists[stream]);
  hls.attachMedia(element<HTMLVideoElement>('#video'));
}

void main();
