/**
 * Compares what a point says was captured with what the source has now. Pure.
 * The source goes on living, so a difference is a fault of the copy only where
 * the source cannot have changed since.
 */
import { arrayAt, textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { PointManifest } from '../../domain/protection/point.ts';
import { elapsed, fromRfc3339, type Instant, type Millis, minutes } from '../../domain/time.ts';
import { objectDigest } from './digest.ts';

/** What the source has now, seen as the capture saw it. */
export interface Seen {
  readonly included: ReadonlyMap<string, { readonly object: KubeObject }>;
  /** Keys the selection itself names. */
  readonly chosen: ReadonlySet<string>;
}

export interface Comparison {
  readonly differences: readonly string[];
  readonly compared: number;
  readonly changedSince: number;
}

/**
 * An object counts as older than the point only when its last write is older
 * by this much. The write is dated by the source's clock, the point by ours;
 * a younger object that was missed is in the next point anyway.
 */
const CLOCK_TOLERANCE: Millis = minutes(1);

/**
 * An unchanged resourceVersion demands an unchanged digest. Another one, or
 * none, means that the object was changed or deleted since: counted only.
 */
export function compare(manifest: PointManifest, now: Seen): Comparison {
  const differences: string[] = [];
  let changedSince = 0;
  for (const { key, resourceVersion, digest } of manifest.objects) {
    const live = now.included.get(key)?.object;
    if (live === undefined || live.metadata.resourceVersion !== resourceVersion) changedSince += 1;
    else if (objectDigest(live) !== digest)
      differences.push(`${key} differs from the source although it has not changed there`);
  }
  const settled = new Set([...manifest.objects, ...manifest.leftOut].map(({ key }) => key));
  const capturedAt = fromRfc3339(manifest.capturedAt);
  for (const key of now.chosen) {
    const live = now.included.get(key)?.object;
    if (settled.has(key) || live === undefined || capturedAt === undefined) continue;
    if (isOlder(live, capturedAt)) differences.push(`${key} was in the source and is missing from the copy`);
    else changedSince += 1;
  }
  return { differences, compared: manifest.objects.length, changedSince };
}

/** Whether neither creation nor any change, but of status, falls after the moment (or in doubt: near it). */
function isOlder(object: KubeObject, moment: Instant): boolean {
  const writes = arrayAt(object, 'metadata', 'managedFields')
    .filter((entry) => textAt(entry, 'subresource') !== 'status')
    .map((entry) => textAt(entry, 'time'));
  const dates = [object.metadata.creationTimestamp, ...writes].flatMap((text) =>
    text === undefined ? [] : (fromRfc3339(text) ?? []),
  );
  return dates.length > 0 && dates.every((date) => elapsed(date, moment) > CLOCK_TOLERANCE);
}
