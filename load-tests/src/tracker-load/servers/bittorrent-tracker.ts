import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Server from 'bittorrent-tracker/server';

/** The server that stock clients are made for, without what only costs: statistics, other protocols, compression. */
const server = new Server({ http: true, udp: false, ws: { perMessageDeflate: false }, stats: false });
server.listen(0, '127.0.0.1');
await once(server.http, 'listening');
process.once('disconnect', () => process.exit(0));
process.send?.({ port: (server.http.address() as AddressInfo).port });
