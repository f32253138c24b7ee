import type { RequestHandler } from 'express';

/**
 * Players live on other sites. hls.js reads `Age` for low-latency tune-in, and ranges and sizes must be readable.
 */
export const cors: RequestHandler = (request, response, next) => {
  response.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'Age, Content-Length, Content-Range, Date, ETag, X-Cache',
    'Timing-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  });
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.set({
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers': request.get('Access-Control-Request-Headers') ?? 'Range',
    'Access-Control-Max-Age': '86400',
  });
  response.status(204).end();
};
