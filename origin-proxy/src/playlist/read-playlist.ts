/** What the edge has to know of a playlist: RFC 8216bis, only the tags that concern a cache. */

/** Something that a playlist tells players to fetch. */
export interface MediaReference {
  /** As it stands in the playlist. */
  readonly uri: string;
  /** First byte and the byte after the last. */
  readonly range?: { readonly start: number; readonly end: number };
}

export interface MediaPlaylist {
  readonly is: 'media';
  /** With EXT-X-ENDLIST, or of type VOD: nothing will be added. */
  readonly hasEnded: boolean;
  readonly targetSeconds: number;
  /** PART-TARGET of a low-latency stream. */
  readonly partTargetSeconds?: number;
  readonly canBlockReload: boolean;
  /** Media sequence number of the last segment that is complete; one less than the first when there is none. */
  readonly lastSequence: number;
  /** Index of the last part of the segment after it; -1 when there is none yet. */
  readonly lastPart: number;
  /** EXT-X-MAP entries. */
  readonly maps: readonly MediaReference[];
  /** Complete segments, oldest first. */
  readonly segments: readonly MediaReference[];
  /** Parts, oldest first. */
  readonly parts: readonly MediaReference[];
  /** What will be next (EXT-X-PRELOAD-HINT); players ask for it before it is there. */
  readonly hints: readonly MediaReference[];
}

/** A playlist that lists renditions, or what is no playlist at all. */
export interface OtherPlaylist {
  readonly is: 'multivariant' | 'unreadable';
}

type Attributes = ReadonlyMap<string, string>;

export function readPlaylist(text: string): MediaPlaylist | OtherPlaylist {
  if (!text.startsWith('#EXTM3U')) return { is: 'unreadable' };
  if (/^#EXT-X-STREAM-INF:/m.test(text)) return { is: 'multivariant' };
  const reader = new MediaPlaylistReader();
  for (const line of text.split(/\r?\n/)) reader.line(line);
  return reader.result();
}

class MediaPlaylistReader {
  #targetSeconds: number | undefined;
  #partTargetSeconds: number | undefined;
  #canBlockReload = false;
  #hasEnded = false;
  #sequence = 0;
  #segmentsSeen = 0;
  #partsOfNext = 0;
  #isGap = false;
  #pendingRange: string | undefined;
  /** Where the next range of a file begins when it does not say: after the one before. */
  readonly #nextOffset = new Map<string, number>();
  readonly #defined = new Map<string, string>();
  readonly #maps: MediaReference[] = [];
  readonly #segments: MediaReference[] = [];
  readonly #parts: MediaReference[] = [];
  readonly #hints: MediaReference[] = [];

  line(line: string): void {
    if (line.startsWith('#EXT')) this.#tag(line);
    else if (line !== '' && !line.startsWith('#')) this.#segment(line.trim());
  }

  result(): MediaPlaylist | OtherPlaylist {
    if (this.#targetSeconds === undefined) return { is: 'unreadable' };
    return {
      is: 'media',
      hasEnded: this.#hasEnded,
      targetSeconds: this.#targetSeconds,
      ...(this.#partTargetSeconds !== undefined && { partTargetSeconds: this.#partTargetSeconds }),
      canBlockReload: this.#canBlockReload,
      lastSequence: this.#sequence + this.#segmentsSeen - 1,
      lastPart: this.#partsOfNext - 1,
      maps: this.#maps,
      segments: this.#segments,
      parts: this.#parts,
      hints: this.#hints,
    };
  }

  #tag(line: string): void {
    const colon = line.indexOf(':');
    const [name, value] = colon < 0 ? [line.trim(), ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    switch (name) {
      case '#EXT-X-TARGETDURATION':
        this.#targetSeconds = positive(value);
        break;
      case '#EXT-X-MEDIA-SEQUENCE':
        this.#sequence = positive(value) ?? 0;
        break;
      case '#EXT-X-ENDLIST':
        this.#hasEnded = true;
        break;
      case '#EXT-X-PLAYLIST-TYPE':
        this.#hasEnded ||= value === 'VOD';
        break;
      case '#EXT-X-GAP':
        this.#isGap = true;
        break;
      case '#EXT-X-BYTERANGE':
        this.#pendingRange = value;
        break;
      default:
        this.#tagWithAttributes(name, attributesOf(value));
    }
  }

  #tagWithAttributes(name: string, attributes: Attributes): void {
    switch (name) {
      case '#EXT-X-PART-INF':
        this.#partTargetSeconds = positive(attributes.get('PART-TARGET') ?? '');
        break;
      case '#EXT-X-SERVER-CONTROL':
        this.#canBlockReload = attributes.get('CAN-BLOCK-RELOAD') === 'YES';
        break;
      case '#EXT-X-SKIP':
        this.#segmentsSeen += positive(attributes.get('SKIPPED-SEGMENTS') ?? '') ?? 0;
        break;
      case '#EXT-X-DEFINE':
        this.#defined.set(attributes.get('NAME') ?? '', attributes.get('VALUE') ?? '');
        break;
      case '#EXT-X-MAP':
        this.#add(this.#maps, attributes.get('URI'), attributes.get('BYTERANGE'));
        break;
      case '#EXT-X-PART':
        this.#partsOfNext += 1;
        if (attributes.get('GAP') !== 'YES') this.#add(this.#parts, attributes.get('URI'), attributes.get('BYTERANGE'));
        break;
      case '#EXT-X-PRELOAD-HINT':
        this.#hint(attributes);
        break;
    }
  }

  #hint(attributes: Attributes): void {
    const start = positive(attributes.get('BYTERANGE-START') ?? '') ?? 0;
    const length = positive(attributes.get('BYTERANGE-LENGTH') ?? '');
    const isWhole = start === 0 && length === undefined;
    // A range without an end grows for as long as the segment does; what it will be is not known yet.
    if (!isWhole && length === undefined) return;
    this.#add(this.#hints, attributes.get('URI'), isWhole ? undefined : `${length}@${start}`);
  }

  #segment(uri: string): void {
    if (!this.#isGap) this.#add(this.#segments, uri, this.#pendingRange);
    this.#segmentsSeen += 1;
    this.#partsOfNext = 0;
    this.#isGap = false;
    this.#pendingRange = undefined;
  }

  #add(to: MediaReference[], given: string | undefined, byteRange: string | undefined): void {
    const uri = given?.replace(/\{\$([\w-]+)\}/g, (reference, name: string) => this.#defined.get(name) ?? reference);
    // A variable that comes from elsewhere (EXT-X-DEFINE with IMPORT or QUERYPARAM) is the player's to fill in.
    if (uri === undefined || uri.includes('{$')) return;
    const [, length, offset] = /^(\d+)(?:@(\d+))?$/.exec(byteRange ?? '') ?? [];
    if (length === undefined) {
      to.push({ uri });
      return;
    }
    const start = offset === undefined ? (this.#nextOffset.get(uri) ?? 0) : Number(offset);
    const end = start + Number(length);
    this.#nextOffset.set(uri, end);
    if (end > start) to.push({ uri, range: { start, end } });
  }
}

/** RFC 8216bis §4.2: quoted strings may hold commas. */
function attributesOf(text: string): Attributes {
  const attributes = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)) {
    attributes.set(name, value.replace(/^"(.*)"$/, '$1').trim());
  }
  return attributes;
}

function positive(text: string): number | undefined {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
