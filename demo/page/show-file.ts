import type { P2PStats } from '@nearcast/player-plugin';
import { attachFileP2P, downloadFileP2P, type FileDownload, type FileP2PSession } from '@nearcast/player-plugin/files';

/** Of two parts of this page in the same swarm. */
function sum(one: P2PStats, other: P2PStats | undefined): P2PStats {
  if (!other) return one;
  const [peerBytes, edgeBytes] = [one.peerBytes + other.peerBytes, one.edgeBytes + other.edgeBytes];
  return {
    ...one,
    peerBytes,
    edgeBytes,
    uploadedBytes: one.uploadedBytes + other.uploadedBytes,
    offload: peerBytes === 0 ? 0 : peerBytes / (peerBytes + edgeBytes),
  };
}

function element<T extends HTMLElement>(selector: string): T {
  return document.querySelector(selector) as T;
}

/** A file instead of a stream: played while it arrives, and saved on demand. */
export function showFile(
  fileUrl: string,
  tracker: string,
  show: (stats: P2PStats) => void,
  say: (message: string) => void,
): FileP2PSession {
  const session = attachFileP2P(element<HTMLVideoElement>('#video'), fileUrl, { tracker });
  let download: FileDownload | undefined;
  setInterval(() => show(sum(session.stats, download?.stats)), 250);
  element('#download').hidden = false;
  element('#save').addEventListener('click', () => {
    download?.destroy();
    download = downloadFileP2P(fileUrl, { tracker });
    download.on('progress', ({ verifiedBytes, totalBytes }) => {
      element<HTMLProgressElement>('#progress').value = verifiedBytes / totalBytes;
    });
    download.finished.then(
      ({ verified }) => {
        element('#verified').textContent = verified ? 'every piece verified' : 'loaded without sharing';
      },
      (error: Error) => say(error.message),
    );
  });
  return session;
}
