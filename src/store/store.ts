/**
 * A place for recovery points: flat keys, whole objects, no partial reads. What
 * a bucket offers, so that a directory and S3 can both be one.
 */

export interface Store {
  /** For messages: `file:///var/lib/antipode/points`. Never credentials. */
  readonly location: string;
  /** Writes the whole object or nothing; durable when it resolves. @throws StoreError */
  put(key: string, body: Uint8Array, signal: AbortSignal): Promise<void>;
  /** @returns undefined when there is none. @throws StoreError */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Keys that start with `prefix`, sorted. @throws StoreError */
  list(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Removing what is not there is not an error. @throws StoreError */
  remove(key: string, signal: AbortSignal): Promise<void>;
}

export type StoreErrorCode =
  | 'StoreFull' // no space or quota left
  | 'StoreReadOnly' // permission denied, read-only file system
  | 'StoreNotFound' // the directory or bucket itself is missing and cannot be made
  | 'StoreUnavailable'; // any other input/output error

/** Its message names the location and the remedy. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly retry = 'backoff';

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
