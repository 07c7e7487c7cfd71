/** What came of one capture of a scenario. */
import type { DRScenarioReason } from '../../../api/v1alpha1/reasons/dr-scenario.ts';
import type { Instant, Millis, Tick } from '../../../domain/time.ts';
import type { PublishedPoint } from '../../../engines/engine.ts';
import type { Offer } from '../points/offer.ts';

/** What a capture has shown of the spec of a generation: `refused` when the source has nothing it could be replayed with. */
export interface Judged {
  readonly generation: number;
  readonly refused?: { readonly reason: DRScenarioReason; readonly message: string };
}

export interface Shown {
  /** Undefined when the capture ended before that was known. */
  readonly judged?: Judged | undefined;
  /** Edges that are not followed, because what they name has gone from the source; what could not be seen of the point when it was proven. */
  readonly warnings?: readonly string[];
}

export type CaptureOutcome = Shown & Ended;

type Ended =
  | {
      readonly kind: 'succeeded';
      readonly point: PublishedPoint;
      readonly verifiedAt: Instant;
      /** All that are to be offered, newest first. */
      readonly offer: Offer;
      /** What the point is of, on our clock: the start of the capture or somewhat before. */
      readonly startedAt: Tick;
      readonly took: Millis;
    }
  /** The newest verified point is still what the source has, as it was found `asOf` then. */
  | {
      readonly kind: 'unchanged';
      readonly point: PublishedPoint;
      readonly asOf: Instant;
      readonly offer: Offer;
      /** `asOf` on our clock. */
      readonly startedAt: Tick;
      readonly took: Millis;
    }
  | {
      readonly kind: 'failed';
      readonly reason: DRScenarioReason;
      readonly message: string;
      /** With a point that was published and is not proven: all that are to be offered, newest first. */
      readonly offer?: Offer;
      readonly startedAt: Tick;
      readonly took: Millis;
    };
