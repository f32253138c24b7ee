import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DirectoryOrigin } from './origin/directory-origin.ts';
import { HttpOrigin, type HttpOriginTimeouts } from './origin/http-origin.ts';
import type { Member } from './origin/origin-group.ts';

/** @throws {Error} with one sentence when it is neither an http(s) URL nor a readable folder */
export async function openOrigin(given: string, timeouts: HttpOriginTimeouts, via: string): Promise<Member> {
  if (/^https?:/i.test(given)) {
    if (!URL.canParse(given)) throw new Error(`--origin ${given} is not a URL`);
    const url = new URL(given);
    if (url.search !== '' || url.username !== '')
      throw new Error(`--origin ${given} must have no query and no password`);
    return { name: url.host, origin: new HttpOrigin(url, timeouts, via) };
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) throw new Error(`--origin ${given} must begin with http:// or https://`);
  const folder = resolve(given);
  const found = await stat(folder).catch(() => undefined);
  if (!found) throw new Error(`--origin ${given}: there is no such folder`);
  if (!found.isDirectory()) throw new Error(`--origin ${given} is not a folder`);
  await access(folder, constants.R_OK | constants.X_OK).catch(() => {
    throw new Error(`--origin ${given} cannot be read`);
  });
  return { name: folder, origin: new DirectoryOrigin(folder) };
}
