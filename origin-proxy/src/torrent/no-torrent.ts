export type NoTorrentReason =
  | 'no-file'
  | 'too-large'
  | 'not-cacheable'
  | 'encoded'
  | 'unversioned'
  | 'unproven'
  | 'changed'
  | 'being-made'
  | 'busy';

/** Why there is no torrent of something, or not yet. Its viewers load the plain URL. */
export class NoTorrent extends Error {
  readonly reason: NoTorrentReason;
  /** What the origin answered instead of the file. */
  readonly status: number | undefined;

  private constructor(reason: NoTorrentReason, sentence: string, status?: number) {
    super(sentence);
    this.name = 'NoTorrent';
    this.reason = reason;
    this.status = status;
  }

  static noFile(why: string, status?: number): NoTorrent {
    return new NoTorrent('no-file', why, status);
  }

  static tooLarge(maxBytes: number): NoTorrent {
    return new NoTorrent('too-large', `the file is larger than the ${maxBytes} bytes that torrents are made of`);
  }

  static unsuitable(reason: 'not-cacheable' | 'encoded' | 'unversioned' | 'unproven', why: string): NoTorrent {
    return new NoTorrent(reason, why);
  }

  static changed(): NoTorrent {
    return new NoTorrent('changed', 'the file changed while it was hashed');
  }

  /** @param share of it that is hashed, 0…1 */
  static beingMade(share: number): NoTorrent {
    return new NoTorrent('being-made', `the torrent is being made: ${Math.floor(share * 100)} % hashed`);
  }

  static busy(): NoTorrent {
    return new NoTorrent('busy', 'too many torrents are being made; try again later');
  }
}
