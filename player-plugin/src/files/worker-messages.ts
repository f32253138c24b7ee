/** What page and service worker say to each other. */

/** A part of every path that the worker answers. */
export const BRIDGE_FOLDER = 'nearcast-files';

/** Page → worker, with a port on which `ready` comes back. */
export interface Hello {
  readonly nearcast: 'hello';
}

/** Worker → page, with a port for the answer. */
export interface ReadRequest {
  readonly nearcast: 'read';
  readonly url: string;
  readonly range: string | null;
}

/** Page → worker, on the port: first a head; then, for each `pull`, bytes or the end. */
export type ReadAnswer =
  | { readonly is: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly is: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: 'end' }
  | { readonly is: 'broken' };

/** Worker → page, on the port. */
export type ReadControl = 'pull' | 'cancel';
