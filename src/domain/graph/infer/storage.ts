/** What claims need, and which claims a StatefulSet will look for under names of its own making. */
import { arrayAt, at, fieldsAt, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../kinds.ts';
import { podTemplatesOf } from '../pod-template.ts';
import { storageClassOf } from '../storage-class.ts';
import { perWorld, type World } from '../world.ts';
import { POD_KINDS } from './pods.ts';
import { beside, clusterWide, type Found, type Rule } from './rule.ts';

/** @param path of the claim, or of the template of one, with a dot behind it */
function storageClass(claim: unknown, path = ''): readonly Found[] {
  const asked = storageClassOf(claim);
  return asked === undefined
    ? []
    : clusterWide('storage.k8s.io', 'StorageClass', asked.name, `${path}${asked.field}`);
}

export const storageRules: readonly Rule[] = [
  {
    name: 'claim-storage-class',
    kinds: ['PersistentVolumeClaim'],
    reads: 'spec.storageClassName',
    certainty: 'certain',
    sentence: 'The volume of a claim is made by its StorageClass.',
    find: (claim) => storageClass(claim),
  },
  {
    name: 'claim-attributes-class',
    kinds: ['PersistentVolumeClaim'],
    reads: 'spec.volumeAttributesClassName',
    certainty: 'certain',
    sentence: 'The performance of a volume is set by its VolumeAttributesClass.',
    find: (claim) =>
      clusterWide(
        'storage.k8s.io',
        'VolumeAttributesClass',
        at(claim, 'spec', 'volumeAttributesClassName'),
        'spec.volumeAttributesClassName',
      ),
  },
  {
    name: 'claim-volume',
    kinds: ['PersistentVolumeClaim'],
    reads: 'spec.volumeName',
    certainty: 'certain',
    sentence: 'A claim is bound to a PersistentVolume; the recovery cluster makes its own.',
    find: (claim) =>
      clusterWide('', 'PersistentVolume', at(claim, 'spec', 'volumeName'), 'spec.volumeName').map(
        (found) => ({
          ...found,
          optional: true,
        }),
      ),
  },
  {
    name: 'claim-data-source',
    kinds: ['PersistentVolumeClaim'],
    reads: 'spec.dataSource',
    certainty: 'certain',
    sentence:
      'The volume of a claim is filled from a snapshot, another claim, or what a populator understands.',
    find: dataSources,
  },
  {
    name: 'claim-template-storage-class',
    kinds: ['StatefulSet.apps'],
    reads: 'spec.volumeClaimTemplates[*].spec.storageClassName',
    certainty: 'certain',
    sentence: 'The volumes that a StatefulSet claims are made by a StorageClass.',
    find: (set) =>
      arrayAt(set, 'spec', 'volumeClaimTemplates').flatMap((template, index) =>
        storageClass(template, `spec.volumeClaimTemplates[${index}].`),
      ),
  },
  {
    name: 'ephemeral-claim-storage-class',
    kinds: POD_KINDS,
    reads: 'spec.template.spec.volumes[*].ephemeral.volumeClaimTemplate.spec.storageClassName',
    certainty: 'certain',
    sentence: 'A volume that lives as long as its pod is made by a StorageClass.',
    find: (object) =>
      podTemplatesOf(object).flatMap(({ spec, path }) =>
        arrayAt(spec, 'volumes').flatMap((volume, index) =>
          storageClass(
            at(volume, 'ephemeral', 'volumeClaimTemplate'),
            `${path}.volumes[${index}].ephemeral.volumeClaimTemplate.`,
          ),
        ),
      ),
  },
  {
    name: 'claim-of-template',
    kinds: ['StatefulSet.apps'],
    reads: 'spec.volumeClaimTemplates[*].metadata.name',
    certainty: 'certain',
    sentence: 'A StatefulSet adopts the claims named after its templates when they exist before it.',
    sees: 'others',
    find: claimsOfTemplates,
  },
  {
    name: 'storage-class-secret',
    kinds: ['StorageClass.storage.k8s.io', 'VolumeSnapshotClass.snapshot.storage.k8s.io'],
    reads: 'parameters["csi.storage.k8s.io/provisioner-secret-name"]',
    certainty: 'certain',
    // Usually the driver's own credentials, in its own namespace, for its own region.
    stays: true,
    sentence: 'A storage driver reads its credentials from the Secret that a class names in its parameters.',
    find: classSecrets,
  },
];

/**
 * Optional: the copy has the data by its own way, and the source of a claim
 * that was filled long ago is often gone.
 */
function dataSources(claim: KubeObject): readonly Found[] {
  return ['dataSource', 'dataSourceRef'].flatMap((field) => {
    const kind = textAt(claim, 'spec', field, 'kind');
    const name = textAt(claim, 'spec', field, 'name');
    const namespace = textAt(claim, 'spec', field, 'namespace') ?? claim.metadata.namespace;
    if (kind === undefined || name === undefined || namespace === undefined) return [];
    const group = textAt(claim, 'spec', field, 'apiGroup') ?? '';
    return [{ to: { group, kind, namespace, name }, field: `spec.${field}.name`, optional: true }];
  });
}

/** Claims that are looked for by name for one set; the API allows a set two thousand million replicas. */
const NAMED = 256;

/**
 * The claims `<template>-<set>-<ordinal>` that the set adopts when they exist
 * and makes when not. Applied before it, they keep their own size, class and
 * data; after it, the set would already have made empty ones. Those of the first
 * ordinals are named whether they are known or not; beyond, only known ones are.
 */
function claimsOfTemplates(set: KubeObject, world: World): readonly Found[] {
  const prefixes = claimPrefixes(set);
  const { first, end } = ordinalsOf(set);
  const named = Math.max(0, Math.min(end - first, Math.ceil(NAMED / prefixes.length)));
  return prefixes.flatMap((prefix, index) => {
    const ordinals = Array.from({ length: named }, (_, position) => first + position);
    const known = claimOrdinals(world).get(prefix) ?? [];
    const others = known.filter((ordinal) => ordinal >= first + named && hasOrdinal(set, ordinal));
    const field = `spec.volumeClaimTemplates[${index}].metadata.name`;
    const stem = prefix.slice(prefix.indexOf('/') + 1);
    return [...ordinals, ...others].flatMap((ordinal) =>
      beside(set, { kind: 'PersistentVolumeClaim', name: `${stem}-${ordinal}` }, field, true),
    );
  });
}

/** The names of a StatefulSet's claims without their ordinals, one for each template: `shop/data-db`. */
export function claimPrefixes(set: KubeObject): readonly string[] {
  if (kindOf(set) !== 'StatefulSet.apps') return [];
  const { namespace, name } = set.metadata;
  return arrayAt(set, 'spec', 'volumeClaimTemplates').map(
    (template) => `${namespace}/${textAt(template, 'metadata', 'name')}-${name}`,
  );
}

/** Of a StatefulSet's pods: from `first`, up to but without `end`. */
function ordinalsOf(set: KubeObject) {
  const first = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
  return { first, end: first + (numberAt(set, 'spec', 'replicas') ?? 1) };
}

/** Whether a StatefulSet has a pod with this number. */
export function hasOrdinal(set: KubeObject, ordinal: number): boolean {
  const { first, end } = ordinalsOf(set);
  return ordinal >= first && ordinal < end;
}

/** What a StatefulSet calls a claim like this one: the prefix, as {@link claimPrefixes} has it, and the number; NaN when it would not. */
export function claimPlace({ metadata }: KubeObject): { readonly place: string; readonly ordinal: number } {
  const [, prefix = '', ordinal] = /^(.+)-(0|[1-9]\d*)$/.exec(metadata.name) ?? [];
  return { place: `${metadata.namespace}/${prefix}`, ordinal: Number(ordinal) };
}

/** The numbers of claims by {@link claimPlace}. */
const claimOrdinals = perWorld((world) => {
  const ordinals = new Map<string, number[]>();
  for (const object of world.objects.values()) {
    if (kindOf(object) !== 'PersistentVolumeClaim') continue;
    const { place, ordinal } = claimPlace(object);
    const known = ordinals.get(place);
    if (known === undefined) ordinals.set(place, [ordinal]);
    else known.push(ordinal);
  }
  return ordinals;
});

/** Parameters come in pairs, `…-secret-name` and `…-secret-namespace`; names with `${…}` are made per volume. */
function classSecrets(object: KubeObject): readonly Found[] {
  const parameters = fieldsAt(object, 'parameters') ?? {};
  return Object.entries(parameters).flatMap(([parameter, name]) => {
    const namespace = parameters[`${parameter}space`];
    if (!parameter.endsWith('-secret-name') || typeof name !== 'string' || typeof namespace !== 'string') {
      return [];
    }
    if (name.includes('${') || namespace.includes('${')) return [];
    return [{ to: { group: '', kind: 'Secret', namespace, name }, field: `parameters["${parameter}"]` }];
  });
}
