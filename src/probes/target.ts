/** What a probe asks, free of the API's optional sibling fields. */

export type ProbeTarget =
  | { readonly kind: 'http'; readonly url: URL; readonly expectedStatus: readonly number[] }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };
