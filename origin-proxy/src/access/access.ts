/** Who may have what. */

/** A request as access is decided about it. */
export interface AccessRequest {
  /** Of the segment, also when its manifest is asked for: what vouches for bytes is guarded as they are. */
  readonly path: string;
  readonly query: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
}

export type Access =
  | {
      readonly is: 'granted';
      /** `name=value` that what a playlist names needs as well: a relative URL does not inherit a query. */
      readonly carry?: string;
    }
  | { readonly is: 'refused'; readonly status: 401 | 403; readonly why: string };

export interface AccessCheck {
  check(request: AccessRequest): Access | Promise<Access>;
}
