/**
 * A place for recovery points: flat keys, whole objects, no partial reads. What
 * a bucket offers, so that a directory and S3 can both be one.
 */
import type { Pace } from './pace.ts';

export interface Store {
  /** For messages: `file:///var/lib/antipode/points`, `s3://bucket/prefix/ at https://…`. Differs for different places. Never credentials. */
  readonly location: string;
  /**
   * Writes the whole object or nothing; durable when it resolves.
   * @param pace how fast its bytes may go. Default: as fast as they can.
   * @throws StoreError
   */
  put(key: string, body: Uint8Array, signal: AbortSignal, pace?: Pace): Promise<void>;
  /**
   * As put, but only when there is none yet, also when several do so at once.
   * On an S3 server that does not know conditional writes the last of them
   * wins, and all are told that they did: read it back before relying on it.
   * @returns false when there is one; it may be this very body, written by an attempt whose answer was lost
   * @throws StoreError
   */
  create(key: string, body: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /**
   * Makes `to` the same as `from` without the bytes passing through here; the
   * two are independent of each other afterwards.
   * @returns false when there is nothing at `from`. @throws StoreError
   */
  copy(from: string, to: string, signal: AbortSignal): Promise<boolean>;
  /** @returns undefined when there is none. @throws StoreError */
  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Keys that start with `prefix`, sorted. @throws StoreError */
  list(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Removing what is not there is not an error. @throws StoreError */
  remove(key: string, signal: AbortSignal): Promise<void>;
}

/** The same store, its bytes written no faster than `pace` allows. */
export function paced(store: Store, pace: Pace | undefined): Store {
  if (pace === undefined) return store;
  return { ...store, put: (key, body, signal) => store.put(key, body, signal, pace) };
}

export type StoreErrorCode =
  | 'StoreFull' // no space or quota left
  | 'StoreReadOnly' // permission denied, read-only file system
  | 'StoreNotFound' // the directory or bucket itself is missing and cannot be made
  | 'StoreUnauthorized' // credentials are missing, unknown, expired, or the clocks differ too much for them
  | 'StoreMisconfigured' // what the scenario says of it cannot be right: region, certificate, encryption
  | 'StoreBusy' // it asks to be spared for a while
  | 'StoreUnavailable'; // it cannot be reached, or any other input/output error

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

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

export class InvalidKeyError extends Error {
  override readonly name = 'InvalidKeyError';
  readonly code = 'InvalidKey';
  readonly retry = 'never';
}

/** Whether `name` may be one part of a key: no `..`, nothing hidden, nothing that needs escaping anywhere. */
export const isSegment = (name: string): boolean => SEGMENT.test(name);

/** @throws InvalidKeyError unless `key` is a relative path of plain names: no `..`, no leading slash, no hidden file */
export function checkKey(key: string): void {
  if (key === '' || !key.split('/').every(isSegment))
    throw new InvalidKeyError(
      `"${key}" is no key of a store: use names of letters, digits, ".", "_" and "-", joined by "/"`,
    );
}

/** @throws InvalidKeyError when the folders of `prefix` are none of a key */
export function checkPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (folder !== '') checkKey(folder.slice(0, -1));
}
