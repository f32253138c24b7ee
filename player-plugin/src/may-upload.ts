import type { ResolvedOptions } from './config.ts';
import { isMetered } from './webrtc.ts';

/** Whether the site and the viewer's line allow sending to peers now. */
export function mayUpload({ upload }: Pick<ResolvedOptions, 'upload'>): boolean {
  return upload.maxBitrate > 0 && (upload.onMetered === 'allow' || !isMetered());
}
