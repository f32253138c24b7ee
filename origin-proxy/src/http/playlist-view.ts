import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Head, Headers } from '../cache/cached-object.ts';
import { BufferContent, type Content, WholeContent } from '../cache/content.ts';
import { withQuery } from '../playlist/with-query.ts';

const compress = promisify(gzip);
/** Below that, gzip saves less than a packet. */
const WORTH_GZIP_BYTES = 1024;

const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/**
 * A playlist as one viewer gets it: with the token that what it names will need, and compressed where the viewer can
 * read that (RFC 8216bis appendix B.1). Other content as it is.
 * @param carry `name=value` for the URLs in it
 */
export async function playlistView(
  content: Content,
  acceptEncoding: string | undefined,
  carry: string | undefined,
): Promise<Content> {
  const { head } = content;
  if (!(content instanceof WholeContent) || head.kind !== 'playlist' || head.status !== 200) return content;
  if (head.headers['content-encoding'] !== undefined) return content;
  const signed = carry === undefined ? undefined : Buffer.from(withQuery(content.body.toString('utf8'), carry));
  const body = signed ?? content.body;
  const { close } = content;
  const signedHead =
    signed && carry !== undefined ? headWith(head, tag(carry), { 'cache-control': 'private, no-cache' }) : head;
  if (body.byteLength < WORTH_GZIP_BYTES) return new BufferContent(signedHead, body, close);
  const varying = headWith(signedHead, '', { vary: joined(signedHead.headers.vary, 'Accept-Encoding') });
  if (!acceptsGzip(acceptEncoding)) return new BufferContent(varying, body, close);
  const zipped = await gzipped(body).finally(close);
  return new BufferContent(headWith(varying, 'gzip', { 'content-encoding': 'gzip' }), zipped);
}

function gzipped(body: Buffer): Promise<Buffer> {
  const known = compressed.get(body) ?? compress(body);
  compressed.set(body, known);
  return known;
}

/** RFC 9110 §8.8.3: other bytes of the same thing have another strong tag. */
function headWith(head: Head, suffix: string, changes: Headers): Head {
  const { etag } = head.headers;
  const headers = { ...head.headers, ...changes };
  return {
    ...head,
    headers: suffix === '' || etag === undefined ? headers : { ...headers, etag: etag.replace(/"$/, `-${suffix}"`) },
  };
}

function tag(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}

function joined(one: string | undefined, other: string): string {
  return one === undefined ? other : `${one}, ${other}`;
}

/** RFC 9110 §12.5.3; `identity` is always fine. */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((item) => {
    const [coding = '', ...parameters] = item.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return (coding === 'gzip' || coding === '*') && (weight === undefined || Number(weight.slice(2)) > 0);
  });
}
