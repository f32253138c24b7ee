import type { HlsConfig, LoaderContext } from 'hls.js';

/**
 * The request that hls.js would make for this URL, for an engine that fetches by itself: with what the site's
 * `fetchSetup` or `xhrSetup` does to it (headers, credentials, another URL).
 */
export async function siteRequest(
  config: HlsConfig,
  url: string,
  range: string | undefined,
  signal: AbortSignal,
): Promise<Request> {
  const headers = new Headers(range === undefined ? {} : { Range: range });
  const init: RequestInit = { method: 'GET', mode: 'cors', credentials: 'same-origin', headers, signal };
  const context = { url, responseType: 'arraybuffer', type: 'media-fragment' } as LoaderContext;
  if (config.fetchSetup && !config.xhrSetup) return config.fetchSetup(context, init);
  if (!config.xhrSetup) return new Request(url, init);
  const recorded = new RecordingXhr(url, headers);
  await config.xhrSetup(recorded, url, context);
  if (recorded.withCredentials) init.credentials = 'include';
  return new Request(recorded.url, init);
}

/** Takes from a site's `xhrSetup` what it sets on the request, and never sends it. */
class RecordingXhr extends XMLHttpRequest {
  url: string;
  readonly #headers: Headers;

  constructor(url: string, headers: Headers) {
    super();
    this.url = url;
    this.#headers = headers;
  }

  override open(_method: string, url: string | URL): void {
    this.url = String(url);
  }

  override setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  override send(): void {}
}
