import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { closeServer, listen, portOf } from '@nearcast/service-kit';

/** What both arms stand in front of. */
export interface TestOrigin {
  readonly url: string;
  /** How often it was asked for a path. */
  asked(path: string): number;
  close(): Promise<void>;
}

/** Answers every path with bytes that are no text and no zeros: as many as its second part says, `/film/<bytes>/…`. */
export async function startOrigin(usualBytes: number, largestBytes: number): Promise<TestOrigin> {
  const bytes = randomBytes(largestBytes);
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const body = bytes.subarray(0, Number(/^\/film\/(\d+)\//.exec(path)?.[1] ?? usualBytes));
    response.writeHead(200, { 'content-length': body.length, 'content-type': 'video/mp4', etag: '"1"' }).end(body);
  });
  await listen(server, 0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    asked: (path) => asked.get(path) ?? 0,
    close: () => closeServer(server, 0),
  };
}
