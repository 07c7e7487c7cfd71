/** What claims need, and which claims a StatefulSet will look for under names of its own making. */
import { arrayAt, at, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { podTemplateOf, WORKLOAD_KINDS } from '../pod-template.ts';
import { beside, clusterWide, type Found, type Rule } from './rule.ts';

const storageClass = (name: unknown, field: string) =>
  clusterWide('storage.k8s.io', 'StorageClass', name, field);

export const storageRules: readonly Rule[] = [
  {
    name: 'claim-storage-class',
    kinds: ['PersistentVolumeClaim'],
    find: (claim) => storageClass(at(claim, 'spec', 'storageClassName'), 'spec.storageClassName'),
  },
  {
    name: 'claim-template-storage-class',
    kinds: ['StatefulSet.apps'],
    find: (set) =>
      arrayAt(set, 'spec', 'volumeClaimTemplates').flatMap((template, index) =>
        storageClass(
          at(template, 'spec', 'storageClassName'),
          `spec.volumeClaimTemplates[${index}].spec.storageClassName`,
        ),
      ),
  },
  {
    name: 'ephemeral-claim-storage-class',
    kinds: WORKLOAD_KINDS,
    find: (object) => {
      const template = podTemplateOf(object);
      return arrayAt(template?.spec, 'volumes').flatMap((volume, index) =>
        storageClass(
          at(volume, 'ephemeral', 'volumeClaimTemplate', 'spec', 'storageClassName'),
          `${template?.path}.volumes[${index}].ephemeral.volumeClaimTemplate.spec.storageClassName`,
        ),
      );
    },
  },
  { name: 'claim-of-template', kinds: ['StatefulSet.apps'], find: claimsOfTemplates },
];

/**
 * The claims `<template>-<set>-<ordinal>` that the set adopts when they exist
 * and makes when not. Applied before it, they keep their own size, class and
 * data; after it, the set would already have made empty ones.
 */
function claimsOfTemplates(set: KubeObject): readonly Found[] {
  const replicas = numberAt(set, 'spec', 'replicas') ?? 1;
  const first = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
  return arrayAt(set, 'spec', 'volumeClaimTemplates').flatMap((template, index) =>
    Array.from({ length: replicas }, (_, ordinal) =>
      beside(
        set,
        {
          kind: 'PersistentVolumeClaim',
          name: `${textAt(template, 'metadata', 'name')}-${set.metadata.name}-${first + ordinal}`,
        },
        `spec.volumeClaimTemplates[${index}].metadata.name`,
        true,
      ),
    ).flat(),
  );
}
