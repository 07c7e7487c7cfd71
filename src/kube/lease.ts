/** The record that says which replica leads, and what a place to keep it must offer. */
import type { Instant, Millis } from '../domain/time.ts';

export interface LeaseRecord {
  /** '' when nobody holds it. */
  readonly holder: string;
  readonly leaseDuration: Millis;
  readonly acquired: Instant;
  readonly renewed: Instant;
  readonly transitions: number;
}

/** The record as it was read; `version` is opaque and changes with every write. */
export interface ObservedLease {
  readonly record: LeaseRecord;
  readonly version: string;
}

/** Where the record is kept. Writes succeed only when nobody wrote in between. */
export interface LeaseLock {
  /** For messages. */
  readonly name: string;
  read(signal: AbortSignal): Promise<ObservedLease | undefined>;
  /** @returns what was written, or undefined when another was faster. `version` undefined: create. */
  write(
    record: LeaseRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<ObservedLease | undefined>;
}
