/**
 * The one error that calls to a Kubernetes API throw. Its message is short and
 * holds no body, header or credential, so it may be logged and shown as it is.
 */

export type KubeErrorCode =
  | 'NotFound' // the path or kind is not there (a missing *object* is `undefined`, not an error, on get)
  | 'AlreadyExists'
  | 'Conflict' // resourceVersion or field ownership
  | 'Invalid' // 422: the object is refused; message names the field
  | 'Forbidden' // RBAC, quota, admission: see `denial`
  | 'Unauthorized'
  | 'Gone' // 410: the resourceVersion is too old
  | 'TooManyRequests'
  | 'Unavailable' // 5xx from the server
  | 'Unreachable' // no connection, reset, deadline exceeded
  | 'UntrustedCertificate' // TLS: the server's certificate is not signed by the kubeconfig's CA, or has expired
  | 'Malformed'; // the answer could not be understood

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** What a caller's retry should do: wait with backoff, wait `retryAfter`, or give up. */
  readonly retry: 'backoff' | 'never';
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** For Forbidden: what denied it. */
  readonly denial: 'rbac' | 'quota' | 'admission' | undefined;
  readonly cluster: string;
  /** For Invalid: the fields which the server says cannot be changed any more; empty when that is not why. */
  readonly unchangeable: readonly string[];

  constructor(
    code: KubeErrorCode,
    message: string,
    details: {
      readonly cluster: string;
      readonly status?: number;
      readonly denial?: 'rbac' | 'quota' | 'admission';
      readonly unchangeable?: readonly string[];
      readonly cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retry = RETRYABLE.has(code) ? 'backoff' : 'never';
    this.status = details.status;
    this.denial = details.denial;
    this.cluster = details.cluster;
    this.unchangeable = details.unchangeable ?? [];
  }
}

const RETRYABLE: ReadonlySet<KubeErrorCode> = new Set([
  'Conflict',
  'Gone',
  'TooManyRequests',
  'Unavailable',
  'Unreachable',
]);
