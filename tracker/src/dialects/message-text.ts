import type { Signal, TrackerMessage, ViewerMessage } from '@nearcast/protocol';
import { SdpTexts } from './sdp-texts.ts';

/** Of a description: its SDP as JSON. A symbol, so that JSON does not see it. */
const SDP_JSON: unique symbol = Symbol('the SDP as JSON');

type Description = Extract<Signal, { description: object }>['description'] & { [SDP_JSON]?: string };

/** Keeps the SDP of a signal as it was written. */
export function keepSdpText(message: ViewerMessage, text: string): void {
  if (message.type !== 'signal' || !('description' in message.signal)) return;
  const description: Description = message.signal.description;
  description[SDP_JSON] = new SdpTexts(text).next(description.sdp);
}

/** As it goes out: a description whose text was kept is not escaped again. */
export function messageText(message: TrackerMessage): string {
  if (message.type !== 'signal' || !('description' in message.signal)) return JSON.stringify(message);
  const description: Description = message.signal.description;
  const sdpJson = description[SDP_JSON];
  if (sdpJson === undefined) return JSON.stringify(message);
  const signal = `{"description":{"type":"${description.type}","sdp":${sdpJson}}}`;
  return `{"type":"signal","from":${JSON.stringify(message.from)},"signal":${signal}}`;
}
