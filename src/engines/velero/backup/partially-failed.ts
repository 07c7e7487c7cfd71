/**
 * What a backup that Velero calls PartiallyFailed means for a point: it is
 * called so for any error of any object, so what counts is what the errors are
 * about. Pure.
 */
import { parseRefKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { CLUSTER_WIDE_SERVING_KINDS } from '../../../domain/graph/serving-kinds.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { type Complaint, readResults } from '../results/results.ts';

/** Told in a message: as many as a person reads. */
const TOLD = 3;

/**
 * The manifest of a point of which nothing is missing, with a warning of the errors.
 * @param results what `<backup>-results.gz` holds
 * @param count of errors, where Velero's status says it
 */
export function withErrors(
  manifest: PointManifest,
  results: unknown,
  count: number | undefined,
): PointManifest {
  const { errors } = readResults(results);
  const what = `Velero backup ${manifest.name} is PartiallyFailed with ${count ?? errors.length} errors; nothing of the point is missing from it`;
  return { ...manifest, warnings: [...(manifest.warnings ?? []), withTexts(what, errors)] };
}

/** @returns `what`, with the first of the texts that differ */
export function withTexts(what: string, complaints: readonly Complaint[]): string {
  const texts = [...new Set(complaints.map(({ text }) => text))].slice(0, TOLD);
  return texts.length === 0 ? what : `${what}: ${texts.join('; ')}`;
}

/**
 * Errors of a backup that may be about what a scenario selects, when nobody
 * knows what the source had: an object that is not in the archive is taken for
 * a selected one when it might be, as a point that quietly lacks one is worse than none.
 * @param archived refKeys of everything in the archive
 */
export function errorsOfSelection(
  results: unknown,
  manifest: PointManifest,
  archived: ReadonlySet<string>,
  { resources }: DRScenarioSpec,
): readonly Complaint[] {
  const selected = placesOf(manifest.objects.map(({ key }) => key));
  const wanted = placesOf((manifest.dangling ?? []).map(({ to }) => to));
  const others = placesOf([...archived]);
  return readResults(results).errors.filter((error) => {
    // Of no object: of a whole kind, or of the backup.
    if (error.name === undefined) return error.namespace === undefined || isNamed(error.namespace);
    const place = placeOf(error);
    if (selected.has(place) || wanted.has(place)) return true;
    if (others.has(place)) return false;
    return error.namespace === undefined ? mayServe(error.resource) : isNamed(error.namespace);
  });
  function isNamed(namespace: string): boolean {
    return resources.namespaces.includes(namespace);
  }
}

type PlaceOf = { readonly namespace?: string | undefined; readonly name?: string | undefined };

/** By name and place: errors name the plural of a kind, which only a cluster can translate. */
const placeOf = ({ namespace, name }: PlaceOf): string => `${namespace ?? ''}/${name ?? ''}`;

const placesOf = (keys: readonly string[]): ReadonlySet<string> =>
  new Set(keys.flatMap((key) => parseRefKey(key) ?? []).map(placeOf));

/** Of a cluster-scoped kind whose objects belong to a selection without being referred to. */
function mayServe(resource: string | undefined): boolean {
  if (resource === undefined) return true;
  return CLUSTER_WIDE_SERVING_KINDS.some((kind) => {
    const dot = kind.indexOf('.');
    return `${kind.slice(0, dot).toLowerCase()}s${kind.slice(dot)}` === resource;
  });
}
