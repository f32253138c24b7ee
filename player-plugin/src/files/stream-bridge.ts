import { type FileRange, rangeOf } from './file-range.ts';
import { BRIDGE_FOLDER, type Hello, type ReadAnswer, type ReadControl, type ReadRequest } from './worker-messages.ts';

/** What media elements can be given. */
export interface ReadableFile {
  readonly name: string;
  /** bytes */
  readonly length: number;
  readonly type: string;
  read(range: FileRange): AsyncIterator<Uint8Array>;
}

/** Where a media element can read a file. */
export interface BridgedFile {
  readonly url: string;
  close(): void;
}

/**
 * Registers the worker and waits until it answers for this page.
 * @throws {Error} with one sentence why it does not
 */
export async function connectWorker(workerUrl: string): Promise<ServiceWorkerContainer & { scope: string }> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!container) throw new Error('this page can have no service worker');
  const registration = await registrationOf(container, workerUrl);
  const worker = registration.active ?? (await activated(registration));
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise((resolve) => {
    port1.onmessage = resolve;
  });
  worker.postMessage({ nearcast: 'hello' } satisfies Hello, [port2]);
  await answered;
  if (!container.controller) {
    await new Promise((resolve) => container.addEventListener('controllerchange', resolve, { once: true }));
  }
  return Object.assign(container, { scope: registration.scope });
}

/** A site's own worker must not be replaced by ours: it can `importScripts` ours instead. */
async function registrationOf(container: ServiceWorkerContainer, url: string): Promise<ServiceWorkerRegistration> {
  const present = await container.getRegistration();
  const worker = present?.active ?? present?.waiting ?? present?.installing;
  if (present && worker && present.scope === new URL('./', url).href) {
    return worker.scriptURL === url ? present : present;
  }
  return await container.register(url);
}

function activated(registration: ServiceWorkerRegistration): Promise<ServiceWorker> {
  return new Promise((resolve, reject) => {
    const worker = registration.installing ?? registration.waiting;
    if (!worker) return reject(new Error('the service worker did not begin'));
    const look = () => {
      if (worker.state === 'activated') resolve(worker);
      else if (worker.state === 'redundant') reject(new Error('the service worker could not be installed'));
    };
    worker.addEventListener('statechange', look);
    look();
  });
}

/**
 * Lets media elements of this page read a file while it arrives.
 * @param reading told where it is read now, in bytes
 */
export function bridgeFile(
  container: ServiceWorkerContainer & { scope: string },
  file: ReadableFile,
  reading: (position: number) => void,
): BridgedFile {
  const url = `${container.scope}${BRIDGE_FOLDER}/${crypto.randomUUID()}/${encodeURIComponent(file.name)}`;
  const listener = ({ data, ports: [port] }: MessageEvent<ReadRequest | undefined>) => {
    if (data?.nearcast === 'read' && data.url === url && port) serve(file, data.range, port, reading);
  };
  container.addEventListener('message', listener);
  container.startMessages();
  return { url, close: () => container.removeEventListener('message', listener) };
}

function serve(
  file: ReadableFile,
  header: string | null,
  port: MessagePort,
  reading: (position: number) => void,
): void {
  const say = (answer: ReadAnswer) => port.postMessage(answer);
  const range = rangeOf(header, file.length);
  if (range === 'unsatisfiable') {
    say({ is: 'head', status: 416, headers: { 'content-range': `bytes */${file.length}` } });
    return;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.length - 1 } : range;
  const parts = file.read({ start, end });
  let at = start;
  reading(at);
  const pull = async () => {
    const { value, done } = await parts.next();
    if (done === true || value === undefined) {
      say({ is: at > end ? 'end' : 'broken' });
      return;
    }
    at += value.byteLength;
    reading(at);
    say({ is: 'bytes', bytes: Uint8Array.from(value) });
  };
  port.onmessage = ({ data }: MessageEvent<ReadControl>) => {
    if (data === 'pull') pull().catch(() => say({ is: 'broken' }));
    else void parts.return?.();
  };
  say({
    is: 'head',
    status: range === 'whole' ? 200 : 206,
    headers: {
      'content-type': file.type,
      'content-length': String(end - start + 1),
      'accept-ranges': 'bytes',
      ...(range === 'whole' ? {} : { 'content-range': `bytes ${start}-${end}/${file.length}` }),
    },
  });
}
