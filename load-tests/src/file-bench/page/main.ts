import { attachFileP2P, downloadFileP2P, type FileDownload } from '@nearcast/player-plugin/files';
import type { FilePage, FileResult, FileTask } from '../file-task.ts';

let last: FileDownload | undefined;
const nobody = { peerBytes: 0, edgeBytes: 0, problem: null };

async function downloadPlainly({ fileUrl }: FileTask): Promise<FileResult> {
  const from = performance.now();
  const blob = await (await fetch(fileUrl, { cache: 'no-store' })).blob();
  return { ...nobody, ms: performance.now() - from, bytes: blob.size, edgeBytes: blob.size };
}

async function downloadShared({ fileUrl, trackerUrl }: FileTask): Promise<FileResult> {
  const from = performance.now();
  const download = downloadFileP2P(fileUrl, { tracker: trackerUrl, save: false });
  last = download;
  const { blob, verified } = await download.finished;
  const ms = performance.now() - from;
  const { peerBytes, edgeBytes, reason } = download.stats;
  return { ms, bytes: blob.size, peerBytes, edgeBytes, problem: verified ? null : (reason ?? 'not shared') };
}

async function play({ arm, fileUrl, trackerUrl }: FileTask): Promise<FileResult> {
  const video = document.querySelector('video') as HTMLVideoElement;
  const from = performance.now();
  const firstFrame = new Promise<number>((resolve) => {
    video.requestVideoFrameCallback(() => resolve(performance.now() - from));
  });
  video.autoplay = true;
  if (arm === 'plain') {
    video.src = fileUrl;
    return { ...nobody, ms: await firstFrame, bytes: 0 };
  }
  const session = attachFileP2P(video, fileUrl, { tracker: trackerUrl });
  const ms = await firstFrame;
  const { peerBytes, edgeBytes, reason } = session.stats;
  return { ms, bytes: 0, peerBytes, edgeBytes, problem: reason ?? null };
}

const filePage: FilePage = {
  download: (task) => (task.arm === 'plain' ? downloadPlainly(task) : downloadShared(task)),
  play,
  uploadedBytes: () => last?.stats.uploadedBytes ?? 0,
  stopSharing: () => last?.stopSharing(),
};
Object.assign(globalThis, { filePage });
