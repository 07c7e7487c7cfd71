/**
 * The cluster-wide classes an object needs by name and that every cluster has
 * its own of: the API server takes an object that names a class which does not
 * exist, and then nothing ever happens, so no dry-run tells.
 */
import { arrayAt, fieldsAt, textAt } from '../../api/fields.ts';
import type { KubeObject, ObjectRef } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';
import { type PodTemplate, podTemplatesOf } from '../graph/pod-template.ts';

export type NeededClass =
  | { readonly kind: 'named'; readonly ref: ObjectRef; readonly field: string }
  /** The one that is marked as default in the cluster. */
  | { readonly kind: 'default-storage'; readonly field: string };

export const DEFAULT_STORAGE_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Whether claims that name no class may get this one. */
export const isDefaultStorageClass = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.[DEFAULT_STORAGE_CLASS] === 'true';

const STORAGE = { group: 'storage.k8s.io', kind: 'StorageClass' };
const INGRESS = { group: 'networking.k8s.io', kind: 'IngressClass' };
const PRIORITY = { group: 'scheduling.k8s.io', kind: 'PriorityClass' };
const RUNTIME = { group: 'node.k8s.io', kind: 'RuntimeClass' };
const GATEWAY = { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' };

export function classesOf(object: KubeObject): readonly NeededClass[] {
  switch (kindOf(object)) {
    case 'PersistentVolumeClaim':
      return storageClassOf(object, 'spec');
    case 'Ingress.networking.k8s.io':
      return named(INGRESS, textAt(object, 'spec', 'ingressClassName'), 'spec.ingressClassName');
    case 'Gateway.gateway.networking.k8s.io':
      return named(GATEWAY, textAt(object, 'spec', 'gatewayClassName'), 'spec.gatewayClassName');
    default:
      return [...podTemplatesOf(object).flatMap(podClasses), ...claimTemplates(object)];
  }
}

function named(
  type: Pick<ObjectRef, 'group' | 'kind'>,
  name: string | undefined,
  field: string,
): readonly NeededClass[] {
  return name === undefined || name === '' ? [] : [{ kind: 'named', ref: { ...type, name }, field }];
}

/** A claim for one volume by name, or for `''`, needs no class. */
function storageClassOf(claim: unknown, path: string): readonly NeededClass[] {
  const spec = fieldsAt(claim, 'spec');
  const field = `${path}.storageClassName`;
  const name = textAt(spec, 'storageClassName');
  if (name !== undefined) return named(STORAGE, name, field);
  return textAt(spec, 'volumeName') === undefined ? [{ kind: 'default-storage', field }] : [];
}

function claimTemplates(object: KubeObject): readonly NeededClass[] {
  return arrayAt(object, 'spec', 'volumeClaimTemplates').flatMap((template, index) =>
    storageClassOf(template, `spec.volumeClaimTemplates[${index}].spec`),
  );
}

function podClasses({ spec, path }: PodTemplate): readonly NeededClass[] {
  const volumes = arrayAt(spec, 'volumes').flatMap((volume, index) => {
    const claim = fieldsAt(volume, 'ephemeral', 'volumeClaimTemplate');
    return claim === undefined
      ? []
      : storageClassOf(claim, `${path}.volumes[${index}].ephemeral.volumeClaimTemplate.spec`);
  });
  return [
    ...named(PRIORITY, textAt(spec, 'priorityClassName'), `${path}.priorityClassName`),
    ...named(RUNTIME, textAt(spec, 'runtimeClassName'), `${path}.runtimeClassName`),
    ...volumes,
  ];
}
