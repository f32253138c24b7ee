/** How a viewer gets the file: as a link or a video element would, or with Nearcast. */
export type Arm = 'plain' | 'shared';

/** What a page is told. */
export interface FileTask {
  readonly arm: Arm;
  readonly fileUrl: string;
  readonly trackerUrl: string;
}

/** What became of it. */
export interface FileResult {
  /** From the call to the whole file, or to the first frame. */
  readonly ms: number;
  readonly bytes: number;
  readonly peerBytes: number;
  readonly edgeBytes: number;
  /** Why it was not shared, where it was to be. */
  readonly problem: string | null;
}

/** How the page is driven from outside. */
export interface FilePage {
  download(task: FileTask): Promise<FileResult>;
  play(task: FileTask): Promise<FileResult>;
  /** Of the last shared download, which goes on giving. */
  uploadedBytes(): number;
  stopSharing(): void;
}
