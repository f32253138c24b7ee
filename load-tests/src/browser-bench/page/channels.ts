import { ChannelMeter } from './channel-meter.ts';

/**
 * A script of its own, the first of the page: a library that looks for RTCPeerConnection when it is loaded must find
 * the counted one.
 */
export const channels: ChannelMeter = new ChannelMeter();
channels.install();
