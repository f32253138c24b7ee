import type { TraceEvent, ViewerPage } from '../viewer-sample.ts';
import { channels } from './channels.ts';
import { makeViewer, type Viewer } from './engines.ts';
import { PlaybackMeter } from './playback-meter.ts';

let viewer: Viewer | undefined;
let playback: PlaybackMeter | undefined;
let trace: TraceEvent[] = [];

const page: ViewerPage = {
  start(task) {
    const note = (event: string, details: object = {}) => {
      if (task.trace) trace.push({ at: performance.timeOrigin + performance.now(), event, ...details });
    };
    const video = document.querySelector('video') as HTMLVideoElement;
    viewer = makeViewer(task, note);
    playback = new PlaybackMeter(viewer.hls, video, note);
    video.autoplay = true;
    viewer.hls.loadSource(task.playlistUrl);
    viewer.hls.attachMedia(video);
  },
  async sample() {
    if (!viewer || !playback) throw new Error('not started');
    const sent = await channels.read();
    const felt = playback.read();
    const { edgeBytes, peerBytes, uploadedBytes, discardedBytes, connectedPeers } = viewer.exchange(
      felt.deliveredBytes,
    );
    const exchanged = { edgeBytes, peerBytes, uploadedBytes, discardedBytes, connectedPeers };
    return { ...felt, ...exchanged, ...sent };
  },
  takeTrace() {
    const taken = trace;
    trace = [];
    return taken;
  },
};
Object.assign(globalThis, { viewerPage: page });
