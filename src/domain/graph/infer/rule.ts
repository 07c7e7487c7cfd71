/**
 * What a rule of inference is: it reads one kind of field and says what the
 * object needs because of it. Rules are listed in rules.ts; each is tested on
 * its own, field path included, because the path is the evidence users see.
 */
import type { KubeObject, ObjectRef } from '../../../api/object.ts';
import type { World } from '../world.ts';

export interface Found {
  readonly to: ObjectRef;
  /** Exact path of the value that refers, e.g. `spec.scaleTargetRef`. */
  readonly field: string;
  /** The referrer works without it. Default false. */
  readonly optional?: boolean;
}

export interface Rule {
  /** Unique, stable: written into recovery points and shown as evidence. */
  readonly name: string;
  /** The kinds it applies to, as `Deployment.apps`; 'all' for every kind. */
  readonly kinds: readonly string[] | 'all';
  readonly find: (object: KubeObject, world: World) => readonly Found[];
}

/** A reference to something in the referrer's own namespace; none when the name is absent or empty. */
export function beside(
  object: KubeObject,
  target: { readonly group?: string; readonly kind: string; readonly name: unknown },
  field: string,
  optional: unknown = false,
): readonly Found[] {
  const { namespace } = object.metadata;
  const { group = '', kind, name } = target;
  if (namespace === undefined || typeof name !== 'string' || name === '') return [];
  return [{ to: { group, kind, namespace, name }, field, optional: optional === true }];
}

/** A reference to something cluster-scoped; none when the name is absent or empty. */
export function clusterWide(group: string, kind: string, name: unknown, field: string): readonly Found[] {
  return typeof name === 'string' && name !== '' ? [{ to: { group, kind, name }, field }] : [];
}
