/**
 * The contract between a controller and the loop that drives it. It lives with
 * the loop, because controllers may import `src/kube` and never the reverse.
 */
import type { Millis } from '../domain/time.ts';

/** Namespace (absent for cluster-scoped kinds) and name: all a reconcile is told. Never the event. */
export interface Key {
  readonly namespace?: string;
  readonly name: string;
}

/** When to look again, if nothing changes before. */
export type Next = { readonly kind: 'done' } | { readonly kind: 'after'; readonly delay: Millis };

export const done: Next = { kind: 'done' };
export const after = (delay: Millis): Next => ({ kind: 'after', delay });

/**
 * Brings the world one step closer to what the object asks. Level-based: it
 * reads everything it needs and may be called at any time, any number of times.
 * @throws any error; the loop then retries with backoff
 */
export type Reconcile = (key: Key, signal: AbortSignal) => Promise<Next>;

/** The text under which a key is queued: `shop/web`, or `eu-west` without a namespace. */
export function keyText(key: Key): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** Reads what {@link keyText} writes. Names hold no slash, so the first one ends the namespace. */
export function keyFromText(text: string): Key {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
