import type { Headers } from '../cache/cached-object.ts';

/** RFC 9110 §7.6.1 and RFC 9111 §3.1: about one connection, never stored nor passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers of a response that go on to viewers; several of one name are joined as RFC 9110 §5.3 allows. */
export function endToEndHeaders(received: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const connection = String(received.connection ?? '');
  const named = new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(received)) {
    if (value === undefined || HOP_BY_HOP.has(name) || named.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}
