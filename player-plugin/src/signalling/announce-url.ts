/** The URL that a WebTorrent client announces at: all that it can show a tracker is in there. */
export function announceUrls(trackers: readonly string[], token: string | undefined): string[] {
  if (token === undefined) return [...trackers];
  return trackers.map((tracker) => {
    const url = new URL(tracker);
    url.searchParams.set('token', token);
    return url.href;
  });
}
