/**
 * Adds a query parameter to every URL in a playlist that leads back to where the playlist came from. URLs of other hosts
 * stay as they are: they must not learn a viewer's token.
 */
export function withQuery(playlist: string, parameter: string): string {
  return playlist
    .split('\n')
    .map((line) => {
      if (line.startsWith('#EXT'))
        return line.replace(/(\bURI=")([^"]*)(")/g, (_, before, uri, after) => before + added(uri, parameter) + after);
      return line.startsWith('#') || line.trim() === '' ? line : added(line, parameter);
    })
    .join('\n');
}

function added(uri: string, parameter: string): string {
  if (/^\s*(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(uri)) return uri;
  const [, path = '', fragment = '', ending = ''] = /^([^#\r]*)(#[^\r]*)?(\r?)$/.exec(uri) ?? [];
  return `${path}${path.includes('?') ? '&' : '?'}${parameter}${fragment}${ending}`;
}
