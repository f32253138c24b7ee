import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Lets through who shows the token; everybody when there is none. */
export function needsAdminToken(token: string | undefined): RequestHandler {
  return (request, response, next) => {
    if (token === undefined || isToken(request.headers.authorization, token)) next();
    else
      response.status(401).set('www-authenticate', 'Bearer').type('text').send('the admin token is missing or wrong\n');
  };
}

function isToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}
