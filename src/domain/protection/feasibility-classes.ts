/**
 * The cluster-wide classes an object needs by name and that every cluster has
 * its own of: the API server takes an object that names a class which does not
 * exist, and then nothing ever happens, so no dry-run tells.
 */
import { arrayAt, fieldsAt, textAt } from '../../api/fields.ts';
import type { KubeObject, ObjectRef } from '../../api/object.ts';
import { kindOf } from '../graph/kinds.ts';
import { type PodTemplate, podTemplatesOf } from '../graph/pod-template.ts';
import { storageClassOf } from '../graph/storage-class.ts';

export type NeededClass =
  | { readonly kind: 'named'; readonly ref: ObjectRef; readonly field: string }
  /** The one that is marked as default in the cluster. */
  | { readonly kind: 'default-storage'; readonly field: string };

export const DEFAULT_STORAGE_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Its name of old, which clusters still go by. */
const DEFAULT_OF_OLD = 'storageclass.beta.kubernetes.io/is-default-class';

/** Whether claims that name no class may get this one. */
export const isDefaultStorageClass = ({ metadata: { annotations } }: KubeObject): boolean =>
  [DEFAULT_STORAGE_CLASS, DEFAULT_OF_OLD].some((name) => annotations?.[name] === 'true');

const STORAGE = { group: 'storage.k8s.io', kind: 'StorageClass' };
const INGRESS = { group: 'networking.k8s.io', kind: 'IngressClass' };
const PRIORITY = { group: 'scheduling.k8s.io', kind: 'PriorityClass' };
const RUNTIME = { group: 'node.k8s.io', kind: 'RuntimeClass' };
const GATEWAY = { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' };

export function classesOf(object: KubeObject): readonly NeededClass[] {
  switch (kindOf(object)) {
    case 'PersistentVolumeClaim':
      return classOfClaim(object);
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

/**
 * A claim for one volume by name, or for `''`, needs no class.
 * @param path of the claim, or of the template of one, with a dot behind it
 */
function classOfClaim(claim: unknown, path = ''): readonly NeededClass[] {
  const asked = storageClassOf(claim);
  if (asked !== undefined) return named(STORAGE, asked.name, `${path}${asked.field}`);
  const field = `${path}spec.storageClassName`;
  return textAt(claim, 'spec', 'volumeName') === undefined ? [{ kind: 'default-storage', field }] : [];
}

function claimTemplates(object: KubeObject): readonly NeededClass[] {
  return arrayAt(object, 'spec', 'volumeClaimTemplates').flatMap((template, index) =>
    classOfClaim(template, `spec.volumeClaimTemplates[${index}].`),
  );
}

function podClasses({ spec, path }: PodTemplate): readonly NeededClass[] {
  const volumes = arrayAt(spec, 'volumes').flatMap((volume, index) => {
    const claim = fieldsAt(volume, 'ephemeral', 'volumeClaimTemplate');
    return claim === undefined
      ? []
      : classOfClaim(claim, `${path}.volumes[${index}].ephemeral.volumeClaimTemplate.`);
  });
  return [
    ...named(PRIORITY, textAt(spec, 'priorityClassName'), `${path}.priorityClassName`),
    ...named(RUNTIME, textAt(spec, 'runtimeClassName'), `${path}.runtimeClassName`),
    ...volumes,
  ];
}
