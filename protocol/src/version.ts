/** The WebSocket subprotocol of the Nearcast dialect; a breaking change of signalling makes it `nearcast.2`. */
export const SIGNALLING_SUBPROTOCOL = 'nearcast.1';
