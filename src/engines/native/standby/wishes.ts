/**
 * The objects of a point as they are to be in standby, and those that are held
 * back until a failover, with the reason. Pure.
 */
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../../../domain/graph/kinds.ts';
import { inert } from '../../../domain/standby/inert.ts';
import type { OpenPoint } from '../../engine.ts';
import type { TransformedPoint } from '../../transformed-point.ts';
import { definitionsIn } from '../objects/definitions.ts';
import { objectDigest } from '../objects/digest.ts';

/** Digest of the object as it was wished when it was written: a field that is wished no more is seen by it. */
export const STANDBY_DIGEST_ANNOTATION = 'antipode.dev/standby-digest';

export interface StandbyWishes {
  /** By key, in the order of the point. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** By key, why. */
  readonly heldBack: ReadonlyMap<string, string>;
  /** By key, why an object cannot be as it should be in the recovery region. */
  readonly failed: ReadonlyMap<string, string>;
}

export function standbyWishes(point: TransformedPoint): StandbyWishes {
  const keys = point.manifest.units.flatMap((unit) => unit.objects);
  const definitions = definitionsIn(keys, point);
  const objects = new Map<string, KubeObject>();
  const heldBack = new Map<string, string>();
  const failed = new Map<string, string>();
  for (const key of keys) {
    const object = point.object(key);
    if (object === undefined) {
      failed.set(key, point.failures.get(key) ?? `${key} is not in ${point.manifest.name}`);
      continue;
    }
    const definedBy = definitions.get(kindOf(object));
    const definition = definedBy === undefined ? undefined : point.object(definedBy);
    const wish = inert(object, definition);
    if (wish.kind === 'held-back') heldBack.set(key, wish.reason);
    else if (definition !== undefined && inert(definition).kind === 'held-back')
      heldBack.set(key, 'the definition of its kind is held back');
    else objects.set(key, withDigest(wish.object));
  }
  return { objects, heldBack, failed };
}

function withDigest(object: KubeObject): KubeObject {
  const annotations = {
    ...object.metadata.annotations,
    [STANDBY_DIGEST_ANNOTATION]: objectDigest(object),
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The wishes as a point like any other, so that they are restored like any other. */
export function standbyPoint(
  point: OpenPoint,
  wishes: StandbyWishes['objects'],
  keys: ReadonlySet<string>,
): OpenPoint {
  const { manifest } = point;
  return {
    manifest: { ...manifest, objects: manifest.objects.filter(({ key }) => keys.has(key)) },
    digest: point.digest,
    object: (key) => wishes.get(key),
  };
}
