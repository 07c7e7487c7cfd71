/**
 * A recovery point as it is to be in the recovery region: an OpenPoint like any
 * other, so that restore, rehearsal and comparison need not know of transforms.
 * The stored point is not touched; its digests prove the copy before this.
 */
import type { KubeObject } from '../api/object.ts';
import type { TransformSpec } from '../api/v1alpha1/dr-scenario-transforms.ts';
import { isPassive } from '../domain/graph/loose.ts';
import type { PointManifest } from '../domain/protection/point.ts';
import {
  type CompiledTransforms,
  compileTransforms,
  describeTransformProblem,
} from '../domain/transforms/compile.ts';
import { renamedKey } from '../domain/transforms/namespaces.ts';
import { valueAt } from '../domain/transforms/patch.ts';
import { transformManifest } from '../domain/transforms/transform-manifest.ts';
import type { Transformed } from '../domain/transforms/transform-object.ts';
import { transformObjects } from '../domain/transforms/transform-objects.ts';
import type { OpenPoint } from './engine.ts';
import { objectDigest } from './native/objects/digest.ts';
import { normalize } from './native/objects/normalize.ts';

/** A spec in force holds a transform that cannot be used, e.g. because it was accepted by an earlier version. */
export class InvalidTransformsError extends Error {
  override readonly name = 'InvalidTransformsError';
  readonly code = 'InvalidTransforms';
  readonly retry = 'never';
}

/** Ready for use; they were judged when their spec was accepted. @throws InvalidTransformsError naming what is wrong */
export function compiledTransforms(transforms: readonly TransformSpec[]): CompiledTransforms {
  const compiled = compileTransforms(transforms, []);
  if (compiled.kind === 'compiled') return compiled.transforms;
  throw new InvalidTransformsError(compiled.problems.map(describeTransformProblem).join('; '));
}

export interface TransformedPoint extends OpenPoint {
  /** As in the store: of the source. */
  readonly captured: PointManifest;
  /** Why an object cannot be as it should, by its key in the recovery region; `object()` has none of these. */
  readonly failures: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  /**
   * Digest of an object as it is to be in the recovery region, to be compared
   * with that of the live one; those in the manifest are of the captured objects.
   * Undefined when the point has no such object.
   */
  objectDigest(key: string): string | undefined;
}

/** @throws InvalidTransformsError */
export function transformedPoint(point: OpenPoint, transforms: readonly TransformSpec[]): TransformedPoint {
  const compiled = compiledTransforms(transforms);
  if (compiled.transforms.length === 0) return asItIs(point);
  const { to } = compiled.namespaces;
  const captured = point.manifest.objects.flatMap(({ key }) => point.object(key) ?? []);
  const { outcomes, warnings } = transformForRecovery(captured, compiled);
  const objects = new Map<string, KubeObject>();
  const failures = new Map<string, string>();
  const replaced = new Set<string>();
  for (const [key, outcome] of outcomes) {
    const place = renamedKey(key, to);
    if (outcome.kind === 'transformed') objects.set(place, outcome.object);
    else if (outcome.kind === 'failed') failures.set(place, describeFailure(key, outcome));
    else replaced.add(key);
  }
  const object = (key: string): KubeObject | undefined => (failures.has(key) ? undefined : objects.get(key));
  return {
    manifest: transformManifest(point.manifest, (key) => renamedKey(key, to), replaced),
    captured: point.manifest,
    digest: point.digest,
    object,
    failures,
    warnings,
    objectDigest: (key) => digestOf(object(key)),
  };
}

function asItIs(point: OpenPoint): TransformedPoint {
  return {
    manifest: point.manifest,
    captured: point.manifest,
    digest: point.digest,
    object: (key) => point.object(key),
    failures: new Map(),
    warnings: [],
    objectDigest: (key) => digestOf(point.object(key)),
  };
}

const digestOf = (object: KubeObject | undefined): string | undefined =>
  object === undefined ? undefined : objectDigest(object);

/** The name in the recovery region of a namespace of the source. @throws InvalidTransformsError */
export function recoveryNamespace(namespace: string, transforms: readonly TransformSpec[]): string {
  return compiledTransforms(transforms).namespaces.to.get(namespace) ?? namespace;
}

export function describeFailure(key: string, failed: Extract<Transformed, { kind: 'failed' }>): string {
  return `${key}: transform ${failed.transform}: ${failed.reason}`;
}

/**
 * The outcomes of all objects, by key in the source. A patch that sets what no
 * restore writes fails: it would be taken for done.
 */
export function transformForRecovery(objects: readonly KubeObject[], compiled: CompiledTransforms) {
  const { outcomes, warnings } = transformObjects(objects, compiled);
  const judged = [...outcomes].map(([key, outcome]) => [key, withoutVainPatch(outcome)] as const);
  return { outcomes: new Map(judged), warnings };
}

function withoutVainPatch(outcome: Transformed): Transformed {
  if (outcome.kind !== 'transformed') return outcome;
  const patches = outcome.changes.filter(({ set }) => set !== undefined);
  if (patches.length === 0) return outcome;
  const written = normalize(outcome.object);
  // An item at the end of a list is named `-`, and found nowhere: its list is.
  const place = (set: readonly string[] = []) => (set.at(-1) === '-' ? set.slice(0, -1) : set);
  const vain = patches.find(
    ({ set }) =>
      valueAt(outcome.object, place(set)) !== undefined && valueAt(written, place(set)) === undefined,
  );
  if (vain === undefined) return outcome;
  const reason = `${vain.field} is left to the recovery cluster and never written there: remove the operation`;
  return { kind: 'failed', transform: vain.transform, reason };
}

/** Whether a unit can be applied: what its objects' failures say, undefined when there are none. */
export function unitFailure({ manifest, failures }: TransformedPoint, unit: string): string | undefined {
  if (failures.size === 0) return undefined;
  const keys = manifest.units.find(({ id }) => id === unit)?.objects ?? [];
  const messages = keys.flatMap((key) => failures.get(key) ?? []);
  return messages.length === 0 ? undefined : messages.slice(0, 3).join('; ');
}

/**
 * The point to restore what is left of a unit from, when some of it cannot be as it should; undefined when the rest
 * is not to be there without that, as no workload is.
 */
export function restOfUnit(point: TransformedPoint, unit: string): OpenPoint | undefined {
  const rest = withoutFailures(point);
  const keys = rest.manifest.units.find(({ id }) => id === unit)?.objects ?? [];
  const objects = keys.flatMap((key) => point.object(key) ?? []);
  return objects.length > 0 && objects.every(isPassive) ? rest : undefined;
}

/** The point without what cannot be as it should: the rest can still be asked about. */
export function withoutFailures(point: TransformedPoint): OpenPoint {
  const { failures, manifest } = point;
  if (failures.size === 0) return point;
  return {
    digest: point.digest,
    object: (key) => point.object(key),
    manifest: {
      ...manifest,
      objects: manifest.objects.filter(({ key }) => !failures.has(key)),
      units: manifest.units.map(({ id, objects }) => ({
        id,
        objects: objects.filter((key) => !failures.has(key)),
      })),
    },
  };
}
