/** What a route rule asks of a request; an absent part matches everything. Source: facts sheet proxy-api, section 5. */
export interface RouteMatch {
  readonly path?: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly queryParams: readonly QueryParamMatch[];
  readonly method?: string;
}

export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: RegExp };

export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly value: string | RegExp;
}

export interface QueryParamMatch {
  readonly name: string;
  readonly value: string | RegExp;
}

export type HostMatch =
  | { readonly kind: 'exact'; readonly host: string }
  /** Labels from the right: `*.example.com` is [com, example]. */
  | { readonly kind: 'suffix'; readonly reverseLabels: readonly string[] };
