/**
 * Compares what a point says was captured with what the source has now. Pure.
 * The source goes on living, so a difference is a fault of the copy only where
 * the source cannot have changed since. Names fields, never their values: they
 * may be a Secret's.
 */
import { arrayAt, isFields, textAt } from '../../../api/fields.ts';
import { type KubeObject, parseRefKey, refKey } from '../../../api/object.ts';
import { firstFew } from '../../../domain/first-few.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { elapsed, fromRfc3339, type Instant, type Millis, minutes } from '../../../domain/time.ts';
import { compareVersions } from '../../../kube/resource-version.ts';
import { canonicalJson, objectDigest } from './digest.ts';

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
 * Where versions do not tell, an object counts as older than the point only when its last write is older
 * by this much. The write is dated by the source's clock, the point by ours;
 * a younger object that was missed is in the next point anyway.
 */
const CLOCK_TOLERANCE: Millis = minutes(1);

/**
 * An unchanged resourceVersion demands an unchanged digest. Another one, or
 * none, means that the object was changed or deleted since: counted only.
 * @param fields by refKey, what is known of which fields differ
 */
export function compare(
  manifest: PointManifest,
  now: Seen,
  fields: ReadonlyMap<string, readonly string[]> = new Map(),
): Comparison {
  const differences: string[] = [];
  let changedSince = 0;
  for (const { key, resourceVersion, digest } of manifest.objects) {
    const live = now.included.get(key)?.object;
    if (live === undefined || live.metadata.resourceVersion !== resourceVersion) changedSince += 1;
    else if (objectDigest(live) !== digest)
      differences.push(
        `${key} differs from the source although it has not changed there${where(fields.get(key))}`,
      );
  }
  const settled = new Set([...manifest.objects, ...manifest.leftOut].map(({ key }) => key));
  const capturedAt = fromRfc3339(manifest.capturedAt);
  for (const key of now.chosen) {
    const live = now.included.get(key)?.object;
    if (settled.has(key) || live === undefined || capturedAt === undefined) continue;
    if (wasListed(manifest, key, live) ?? isOlder(live, capturedAt))
      differences.push(`${key} was in the source and is missing from the copy`);
    else changedSince += 1;
  }
  return { differences, compared: manifest.objects.length, changedSince };
}

const FIELDS_NAMED = 5;

function where(fields: readonly string[] | undefined): string {
  if (fields === undefined || fields.length === 0) return '';
  return `: ${firstFew(fields, FIELDS_NAMED)}`;
}

/** The paths at which two values differ, the deepest that say it, sorted. */
export function differingFields(a: unknown, b: unknown, path = ''): readonly string[] {
  if ((a === undefined) === (b === undefined) && canonicalJson(a) === canonicalJson(b)) return [];
  const isArrays = Array.isArray(a) && Array.isArray(b) && a.length === b.length;
  if (!isArrays && !(isFields(a) && isFields(b))) return [path === '' ? '(all of it)' : path];
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...left.keys(), ...right.keys()])].toSorted().flatMap((name) => {
    const step = isArrays ? `[${name}]` : path === '' ? name : `.${name}`;
    return differingFields(left.get(name), right.get(name), `${path}${step}`);
  });
}

/**
 * Whether the object, as it is now, was there when its kind was listed: its
 * version is no newer than the list's. Unlike the dates below this needs no
 * clock, so they are not asked where this is known.
 * @returns undefined when versions do not tell
 */
function wasListed(
  { resourceVersions }: PointManifest,
  key: string,
  { metadata }: KubeObject,
): boolean | undefined {
  const ref = parseRefKey(key);
  if (ref?.namespace === undefined) return undefined;
  const kind = refKey({ group: ref.group, kind: ref.kind, name: ref.namespace });
  const listed = resourceVersions[kind];
  if (listed === undefined || metadata.resourceVersion === undefined) return undefined;
  const order = compareVersions(metadata.resourceVersion, listed);
  return order === undefined ? undefined : order <= 0;
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
