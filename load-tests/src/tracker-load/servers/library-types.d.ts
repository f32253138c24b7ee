declare module 'bittorrent-tracker/server' {
  import type { Server as HttpServer } from 'node:http';

  // biome-ignore lint/style/noDefaultExport: that is how the library exports it
  export default class Server {
    constructor(options: {
      readonly http: boolean;
      readonly udp: boolean;
      readonly ws: { readonly perMessageDeflate: boolean };
      readonly stats: boolean;
    });
    readonly http: HttpServer;
    listen(port: number, host: string): void;
  }
}
