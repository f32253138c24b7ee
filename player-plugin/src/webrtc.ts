/** Whether this page can open data channels: switched off by policy, extensions and some web views. */
export function hasWebRtc(): boolean {
  return typeof RTCPeerConnection === 'function' && 'createDataChannel' in RTCPeerConnection.prototype;
}

interface NetworkInformation {
  readonly saveData?: boolean;
  readonly type?: string;
}

/** Whether the viewer pays by the byte or asked to save them, as far as the browser says (it often says nothing). */
export function isMetered(): boolean {
  const { connection } = navigator as Navigator & { connection?: NetworkInformation };
  return connection?.saveData === true || connection?.type === 'cellular';
}
