import type { ServerResponse } from 'node:http';
import { NoManifest, type NoManifestReason } from '../integrity/manifests.ts';
import { OriginError, type OriginFailure } from '../origin/origin.ts';
import { ReloadRefused } from './low-latency.ts';

/** One clear line; what it says is true only now. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    // The client must see that the body is not whole: break the connection instead of ending it well.
    response.destroy();
    return;
  }
  const body = `${text}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const statusOfFailure: Readonly<Record<OriginFailure, number>> = {
  unreachable: 502,
  'connect-timeout': 504,
  timeout: 504,
  'broken-off': 502,
  changed: 502,
  misbehaving: 502,
  failed: 502,
  'no-room': 503,
  'forbidden-path': 400,
};

const statusOfRefusal: Readonly<Record<NoManifestReason, number>> = {
  'no-segment': 404,
  'no-such-range': 416,
  'too-large': 404,
  'not-cacheable': 404,
  encoded: 404,
  unproven: 404,
  changed: 409,
};

/** What a failure is to a client. What is not foreseen says nothing about itself. */
export function failureAnswer(error: unknown): { status: number; text: string } {
  if (error instanceof OriginError)
    return { status: error.status ?? statusOfFailure[error.reason], text: error.message };
  if (error instanceof NoManifest)
    return { status: error.status ?? statusOfRefusal[error.reason], text: error.message };
  if (error instanceof ReloadRefused) return { status: error.status, text: error.message };
  return { status: 500, text: 'the edge failed' };
}
