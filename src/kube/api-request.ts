/** One request to an API server and its answer, as the transport takes and gives them. */
import type { Dispatcher } from 'undici';
import type { Millis } from '../domain/time.ts';

/** Whether a call may be sent again when it is not known if the server acted on the first. */
export type Repeatable = 'repeatable' | 'once';

export interface ApiRequest {
  /** For messages and metrics: `get`, `list`, `apply`… */
  readonly verb: string;
  readonly method: Dispatcher.HttpMethod;
  /** Path and query below the server's URL, starting with a slash. */
  readonly path: string;
  readonly kind: string;
  /** `shop/web`, absent for lists. */
  readonly name?: string;
  readonly body?: { readonly contentType: string; readonly text: string };
  /** Default `application/json`. */
  readonly accept?: string;
  readonly repeat: Repeatable;
  /** Tries while nothing answers. @default 3 */
  readonly attempts?: number;
  /** Default: that of calls. */
  readonly deadline?: Millis;
}

export type ApiAnswer =
  | { readonly kind: 'ok'; readonly text: string }
  /** A 404 of a GET or DELETE about the named object, not about its kind or path. */
  | { readonly kind: 'object-missing' };
