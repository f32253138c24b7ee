import { parseViewerMessage, type Signal } from '@nearcast/protocol';
import { expect, test } from 'vitest';
import { keepSdpText, messageText } from './message-text.ts';

test.each<[string, Signal]>([
  ['an offer', { description: { type: 'offer', sdp: 'v=0\r\no=- 1\r\n' } }],
  ['an answer with what no SDP has', { description: { type: 'answer', sdp: 'v="0"\\' } }],
  ['a candidate', { candidate: { candidate: 'candidate:1', sdpMid: '0' } }],
])('[S7] %s goes out as it would be written anew', (_, signal) => {
  const text = JSON.stringify({ type: 'signal', to: 'b', signal });
  const message = parseViewerMessage(text);
  if (message?.type !== 'signal') throw new Error('it is a signal');
  const anew = { type: 'signal', from: 'a', signal } as const;
  expect(messageText({ ...anew, signal: message.signal })).toBe(JSON.stringify(anew));
  keepSdpText(message, text);
  expect(messageText({ ...anew, signal: message.signal })).toBe(JSON.stringify(anew));
  expect(JSON.stringify(message.signal)).toBe(JSON.stringify(signal));
});
