import type { ConsoleEvents } from '../src/console/console-view.ts';

const RETRY_MS = 1_000;

export interface EventListeners {
  on<Name extends keyof ConsoleEvents>(event: Name, data: ConsoleEvents[Name]): void;
  connected(): void;
  lost(): void;
  /** The tracker asks for a token, or for another. */
  refused(): void;
}

/**
 * Server-sent events with a token in a header, which EventSource cannot send, and which a URL would leave in logs.
 * Comes back by itself until the signal says enough, or the token is refused.
 */
export async function followEvents(
  url: string,
  token: string | undefined,
  listeners: EventListeners,
  signal: AbortSignal,
): Promise<void> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { headers, signal, cache: 'no-store' });
      if (response.status === 401) {
        listeners.refused();
        return;
      }
      if (response.ok && response.body) {
        listeners.connected();
        await readEvents(response.body, listeners);
      }
    } catch {
      // Gone away, or not there yet: said below.
    }
    if (signal.aborted) return;
    listeners.lost();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** The tracker writes `event:` and `data:` lines and a blank one, nothing else of the format. */
async function readEvents(body: ReadableStream<Uint8Array>, listeners: EventListeners): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const blocks = (rest + decoder.decode(read.value, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      if (event !== undefined && data !== undefined) listeners.on(event as keyof ConsoleEvents, JSON.parse(data));
    }
  }
}
