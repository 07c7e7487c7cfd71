/** How a reference of a well-known custom kind is written down as data, so that another one is a line and no code. */

/** One field in which an object of these kinds names another. */
export interface OperatorReference {
  /** Name of the rule: unique, stable. */
  readonly rule: string;
  /** The kinds that have the field, as `Certificate.cert-manager.io`; 'custom kinds' for every custom kind. */
  readonly from: readonly string[];
  /**
   * Where the reference is: a name, `namespace/name`, or an object with `name` and perhaps `kind`
   * and `namespace`. `[*]` stands for every item, `*` for every field, `*Ref` for those that end so,
   * `annotations["a.b/c"]` for a key with dots.
   */
  readonly path: string;
  /**
   * The kinds it may name. The first is meant where the reference has no `kind`;
   * a `kind` that is not listed makes no reference. 'named': the reference gives
   * `apiVersion` (or `group`) and `kind` itself. 'sibling': a kind of the same operator, which
   * `unnamed` or the reference's `kind` names, in the referrer's API group or the nearest above it.
   */
  readonly to: readonly string[] | 'named' | 'sibling';
  /** With 'named' and 'sibling': the kind that is meant where the reference has none. */
  readonly unnamed?: string;
  /** With 'named': where, in the whole object, kind and group are written instead of beside the name. */
  readonly typeIn?: { readonly kind: string; readonly group: string };
  /** The field of the reference that holds the name. @default 'name' */
  readonly nameIn?: string;
  /** The field of the reference that, when it is true, means the second kind of `to`. */
  readonly secondIf?: string;
  /** 'same': always the referrer's own namespace; `always`: one where the operator usually lives. @default the `namespace` of the reference, else the referrer's own */
  readonly namespace?: 'same' | { readonly always: string };
  /** @default 'certain' */
  readonly certainty?: 'likely';
  /** It works without. @default what the reference says itself by `optional` */
  readonly optional?: boolean;
  /** Looked for only in protected namespaces. @default false */
  readonly stays?: boolean;
  /** Something that the referrer owns, it makes itself: that belongs with it, and it does not wait for it. */
  readonly unlessOwned?: boolean;
  /** What it means, in one sentence. */
  readonly sentence: string;
}

/** What an object makes under a name that it determines: whoever needs that, and does not find it, needs the maker. */
export interface OperatorProduct {
  readonly from: string;
  /** Where the name is; the first path that holds one counts. */
  readonly paths: readonly string[];
  /** What is made: the kind, and the name with `{}` for what was found. */
  readonly makes: readonly { readonly kind: string; readonly name: string }[];
}
