/**
 * The service worker that lets a media element read what the page receives: it asks the page that asked, and no other
 * (WebTorrent's own asks every page of the site and takes the first answer, which may be another page's "not found").
 */
import { BRIDGE_FOLDER, type Hello, type ReadAnswer, type ReadControl, type ReadRequest } from './worker-messages.ts';

/** The part of the service worker's world that is needed here; TypeScript cannot have it beside the page's. */
interface WorkerScope {
  readonly location: Location;
  readonly clients: {
    claim(): Promise<void>;
    get(id: string): Promise<{ postMessage(message: ReadRequest, ports: MessagePort[]): void } | undefined>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'message', listener: (event: LifeEvent & MessageEvent<Hello | undefined>) => void): void;
  addEventListener(type: 'fetch', listener: (event: PageRequest) => void): void;
}
interface LifeEvent {
  waitUntil(work: Promise<unknown>): void;
}
interface PageRequest {
  readonly request: Request;
  readonly clientId: string;
  respondWith(answer: Promise<Response>): void;
}

/** A page that does not answer by then is gone, or busy beyond help; the media element is told, ms. */
const ANSWER_WITHIN_MS = 10_000;

const worker = globalThis as unknown as WorkerScope;
worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('message', (event) => {
  if (event.data?.nearcast !== 'hello') return;
  const [port] = event.ports;
  event.waitUntil(worker.clients.claim().then(() => port?.postMessage('ready')));
});
worker.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin === worker.location.origin && pathname.includes(`/${BRIDGE_FOLDER}/`)) event.respondWith(answer(event));
});

async function answer({ request, clientId }: PageRequest): Promise<Response> {
  const page = await worker.clients.get(clientId);
  if (!page) return new Response('the page is gone\n', { status: 404 });
  const { port1: port, port2 } = new MessageChannel();
  const next = () =>
    new Promise<ReadAnswer | undefined>((resolve) => {
      port.onmessage = ({ data }: MessageEvent<ReadAnswer>) => resolve(data);
    });
  const head = Promise.race([next(), pause(ANSWER_WITHIN_MS)]);
  page.postMessage({ nearcast: 'read', url: request.url, range: request.headers.get('range') }, [port2]);
  const first = await head;
  if (first?.is !== 'head') return new Response('the page does not answer\n', { status: 504 });
  const tell = (control: ReadControl) => port.postMessage(control);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        const part = next();
        tell('pull');
        const got = await part;
        if (got?.is === 'bytes') stream.enqueue(got.bytes);
        else if (got?.is === 'end') stream.close();
        else stream.error(new Error('the file cannot be read any further'));
      },
      cancel: () => tell('cancel'),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: first.status, headers: first.headers });
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
