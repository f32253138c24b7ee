/** Whether this page can open data channels: switched off by policy, extensions and some web views. */
export function hasWebRtc(): boolean {
  return typeof RTCPeerConnection === 'function' && 'createDataChannel' in RTCPeerConnection.prototype;
}

interface NetworkInformation extends EventTarget {
  readonly saveData?: boolean;
  readonly type?: string;
}

/** Whether the viewer pays by the byte or asked to save them, as far as the browser says (it often says nothing). */
export function isMetered(): boolean {
  const connection = networkInformation();
  return connection?.saveData === true || connection?.type === 'cellular';
}

/** @returns a function that stops watching */
export function watchMetered(changed: () => void): () => void {
  const connection = networkInformation();
  connection?.addEventListener('change', changed);
  return () => connection?.removeEventListener('change', changed);
}

function networkInformation(): NetworkInformation | undefined {
  return (navigator as Navigator & { connection?: NetworkInformation }).connection;
}

/** WebCrypto is there on secure pages alone; without it nothing from a peer can be verified. */
export function hasWebCrypto(): boolean {
  return typeof crypto === 'object' && crypto.subtle !== undefined;
}
