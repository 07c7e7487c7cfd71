import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { refKey, refOf } from '../../../api/object.ts';
import { anObject, aWorkload, ownedBy } from '../../../testing/objects.ts';
import type { KindLookup } from '../kinds.ts';
import { references } from '../references.ts';

/** Serves one custom kind and knows which built-in owners are cluster-scoped. */
const lookup: KindLookup = (group, kind) => {
  if (group === 'shop.example' && kind === 'Promotion') return { resource: 'promotions', namespaced: true };
  if (group === 'shop.example' && kind === 'Campaign') return { resource: 'campaigns', namespaced: false };
  return undefined;
};

interface Row {
  readonly rule: string;
  readonly from: KubeObject;
  /** Other objects there are; what is referred to need not be among them. */
  readonly besides?: readonly KubeObject[];
  readonly to: string;
  readonly field: string;
  readonly optional?: boolean;
}

const container = (fields: object) => ({ containers: [{ name: 'sidecar' }, { name: 'main', ...fields }] });
const volume = (fields: object) => ({
  volumes: [
    { name: 'tmp', emptyDir: {} },
    { name: 'v', ...fields },
  ],
});
const CONTAINER = 'spec.template.spec.containers[1]';
const VOLUME = 'spec.template.spec.volumes[1]';
const web = (pod: Record<string, unknown>) => aWorkload('Deployment', 'shop/web', pod);
const binding = (fields: Record<string, unknown>) => anObject('RoleBinding', 'shop/reader', fields);
const ingress = (spec: object) => anObject('Ingress', 'shop/front', { spec });

const inPods: readonly Row[] = [
  {
    rule: 'env-config-map',
    from: web(
      container({
        env: [
          { name: 'A', value: 'x' },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'cfg' } } },
        ],
      }),
    ),
    to: 'ConfigMap/shop/cfg',
    field: `${CONTAINER}.env[1].valueFrom.configMapKeyRef.name`,
  },
  {
    rule: 'env-secret',
    from: web(
      container({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'pw', optional: true } } }] }),
    ),
    to: 'Secret/shop/pw',
    field: `${CONTAINER}.env[0].valueFrom.secretKeyRef.name`,
    optional: true,
  },
  {
    rule: 'env-from-config-map',
    from: web({ initContainers: [{ name: 'init', envFrom: [{ configMapRef: { name: 'cfg' } }] }] }),
    to: 'ConfigMap/shop/cfg',
    field: 'spec.template.spec.initContainers[0].envFrom[0].configMapRef.name',
  },
  {
    rule: 'env-from-secret',
    from: web(container({ envFrom: [{ configMapRef: { name: 'x' } }, { secretRef: { name: 'pw' } }] })),
    to: 'Secret/shop/pw',
    field: `${CONTAINER}.envFrom[1].secretRef.name`,
  },
  {
    rule: 'volume-config-map',
    from: web(volume({ configMap: { name: 'cfg', optional: true } })),
    to: 'ConfigMap/shop/cfg',
    field: `${VOLUME}.configMap.name`,
    optional: true,
  },
  {
    rule: 'volume-config-map',
    from: web(volume({ projected: { sources: [{ downwardAPI: {} }, { configMap: { name: 'cfg' } }] } })),
    to: 'ConfigMap/shop/cfg',
    field: `${VOLUME}.projected.sources[1].configMap.name`,
  },
  {
    rule: 'volume-secret',
    from: web(volume({ secret: { secretName: 'pw' } })),
    to: 'Secret/shop/pw',
    field: `${VOLUME}.secret.secretName`,
  },
  {
    rule: 'volume-secret',
    from: web(volume({ projected: { sources: [{ secret: { name: 'pw', optional: true } }] } })),
    to: 'Secret/shop/pw',
    field: `${VOLUME}.projected.sources[0].secret.name`,
    optional: true,
  },
  {
    rule: 'volume-secret',
    from: web(volume({ csi: { driver: 'd', nodePublishSecretRef: { name: 'pw' } } })),
    to: 'Secret/shop/pw',
    field: `${VOLUME}.csi.nodePublishSecretRef.name`,
  },
  {
    rule: 'volume-secret',
    from: web(volume({ flexVolume: { driver: 'd', secretRef: { name: 'pw' } } })),
    to: 'Secret/shop/pw',
    field: `${VOLUME}.flexVolume.secretRef.name`,
  },
  {
    rule: 'volume-secret',
    from: web(volume({ azureFile: { secretName: 'pw', shareName: 's' } })),
    to: 'Secret/shop/pw',
    field: `${VOLUME}.azureFile.secretName`,
  },
  {
    rule: 'volume-claim',
    from: web(volume({ persistentVolumeClaim: { claimName: 'data' } })),
    to: 'PersistentVolumeClaim/shop/data',
    field: `${VOLUME}.persistentVolumeClaim.claimName`,
  },
  {
    rule: 'image-pull-secret',
    from: web({ imagePullSecrets: [{ name: 'a' }, { name: 'registry' }] }),
    to: 'Secret/shop/registry',
    field: 'spec.template.spec.imagePullSecrets[1].name',
  },
  {
    rule: 'service-account',
    from: web({ serviceAccountName: 'web' }),
    to: 'ServiceAccount/shop/web',
    field: 'spec.template.spec.serviceAccountName',
  },
  {
    rule: 'service-account',
    from: web({}),
    to: 'ServiceAccount/shop/default',
    field: 'spec.template.spec.serviceAccountName',
    optional: true,
  },
  {
    rule: 'priority-class',
    from: web({ priorityClassName: 'important' }),
    to: 'PriorityClass.scheduling.k8s.io/important',
    field: 'spec.template.spec.priorityClassName',
  },
  {
    rule: 'runtime-class',
    from: web({ runtimeClassName: 'gvisor' }),
    to: 'RuntimeClass.node.k8s.io/gvisor',
    field: 'spec.template.spec.runtimeClassName',
  },
  {
    rule: 'env-from-secret',
    from: anObject('Pod', 'shop/bare', {
      spec: { containers: [{ envFrom: [{ secretRef: { name: 'pw' } }] }] },
    }),
    to: 'Secret/shop/pw',
    field: 'spec.containers[0].envFrom[0].secretRef.name',
  },
  {
    rule: 'priority-class',
    from: anObject('CronJob', 'shop/nightly', {
      spec: { jobTemplate: { spec: { template: { spec: { priorityClassName: 'low' } } } } },
    }),
    to: 'PriorityClass.scheduling.k8s.io/low',
    field: 'spec.jobTemplate.spec.template.spec.priorityClassName',
  },
  ...['StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job'].map((kind) => ({
    rule: 'env-from-secret',
    from: aWorkload(kind, 'shop/some', container({ envFrom: [{ secretRef: { name: 'pw' } }] })),
    to: 'Secret/shop/pw',
    field: `${CONTAINER}.envFrom[0].secretRef.name`,
  })),
];

const inStorage: readonly Row[] = [
  {
    rule: 'claim-storage-class',
    from: anObject('PersistentVolumeClaim', 'shop/data', { spec: { storageClassName: 'fast' } }),
    to: 'StorageClass.storage.k8s.io/fast',
    field: 'spec.storageClassName',
  },
  {
    rule: 'claim-template-storage-class',
    from: aWorkload(
      'StatefulSet',
      'shop/db',
      {},
      {
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'fast' } }],
      },
    ),
    to: 'StorageClass.storage.k8s.io/fast',
    field: 'spec.volumeClaimTemplates[0].spec.storageClassName',
  },
  {
    rule: 'claim-of-template',
    from: aWorkload(
      'StatefulSet',
      'shop/db',
      {},
      { replicas: 2, volumeClaimTemplates: [{ metadata: { name: 'data' } }] },
    ),
    to: 'PersistentVolumeClaim/shop/data-db-1',
    field: 'spec.volumeClaimTemplates[0].metadata.name',
    optional: true,
  },
  {
    rule: 'claim-of-template',
    from: aWorkload(
      'StatefulSet',
      'shop/db',
      {},
      {
        ordinals: { start: 5 },
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    ),
    to: 'PersistentVolumeClaim/shop/data-db-5',
    field: 'spec.volumeClaimTemplates[0].metadata.name',
    optional: true,
  },
  {
    rule: 'ephemeral-claim-storage-class',
    from: web(volume({ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'scratch' } } } })),
    to: 'StorageClass.storage.k8s.io/scratch',
    field: `${VOLUME}.ephemeral.volumeClaimTemplate.spec.storageClassName`,
  },
];

const inNetwork: readonly Row[] = [
  {
    rule: 'governing-service',
    from: aWorkload('StatefulSet', 'shop/db', {}, { serviceName: 'db-headless' }),
    to: 'Service/shop/db-headless',
    field: 'spec.serviceName',
  },
  {
    rule: 'ingress-class',
    from: ingress({ ingressClassName: 'nginx' }),
    to: 'IngressClass.networking.k8s.io/nginx',
    field: 'spec.ingressClassName',
  },
  {
    rule: 'ingress-tls-secret',
    from: ingress({ tls: [{ hosts: ['a'] }, { secretName: 'cert' }] }),
    to: 'Secret/shop/cert',
    field: 'spec.tls[1].secretName',
  },
  {
    rule: 'ingress-backend',
    from: ingress({
      rules: [{ host: 'a' }, { http: { paths: [{}, { backend: { service: { name: 'web' } } }] } }],
    }),
    to: 'Service/shop/web',
    field: 'spec.rules[1].http.paths[1].backend.service.name',
  },
  {
    rule: 'ingress-backend',
    from: ingress({ defaultBackend: { service: { name: 'web' } } }),
    to: 'Service/shop/web',
    field: 'spec.defaultBackend.service.name',
  },
  {
    rule: 'ingress-backend',
    from: ingress({
      defaultBackend: { resource: { apiGroup: 'shop.example', kind: 'Bucket', name: 'static' } },
    }),
    to: 'Bucket.shop.example/shop/static',
    field: 'spec.defaultBackend.resource.name',
  },
];

const inAccess: readonly Row[] = [
  {
    rule: 'binding-role',
    from: binding({ roleRef: { kind: 'Role', name: 'reader' } }),
    to: 'Role.rbac.authorization.k8s.io/shop/reader',
    field: 'roleRef.name',
  },
  {
    rule: 'binding-role',
    from: binding({ roleRef: { kind: 'ClusterRole', name: 'reader' } }),
    to: 'ClusterRole.rbac.authorization.k8s.io/reader',
    field: 'roleRef.name',
  },
  {
    rule: 'binding-subject',
    from: binding({
      subjects: [
        { kind: 'User', name: 'jo' },
        { kind: 'ServiceAccount', name: 'web' },
      ],
    }),
    to: 'ServiceAccount/shop/web',
    field: 'subjects[1].name',
    optional: true,
  },
  {
    rule: 'binding-subject',
    from: anObject('ClusterRoleBinding', 'reader', {
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    }),
    to: 'ServiceAccount/shop/web',
    field: 'subjects[0].name',
    optional: true,
  },
  {
    rule: 'account-secret',
    from: anObject('ServiceAccount', 'shop/web', { secrets: [{ name: 'pw' }] }),
    to: 'Secret/shop/pw',
    field: 'secrets[0].name',
  },
  {
    rule: 'account-image-pull-secret',
    from: anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] }),
    to: 'Secret/shop/registry',
    field: 'imagePullSecrets[0].name',
  },
  ...[
    anObject('RoleBinding', 'shop/reader', { subjects: [{ kind: 'ServiceAccount', name: 'web' }] }),
    anObject('ClusterRoleBinding', 'reader', {
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    }),
    anObject('RoleBinding', 'shop/all', {
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts:shop' }],
    }),
  ].map((granting) => ({
    rule: 'granted-by',
    from: web({ serviceAccountName: 'web' }),
    besides: [granting],
    to: `${granting.kind}.rbac.authorization.k8s.io/${granting.kind === 'RoleBinding' ? 'shop/' : ''}${granting.metadata.name}`,
    field: 'spec.template.spec.serviceAccountName',
  })),
];

const inScaling: readonly Row[] = [
  {
    rule: 'scale-target',
    from: anObject('HorizontalPodAutoscaler', 'shop/web', {
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    }),
    to: 'Deployment.apps/shop/web',
    field: 'spec.scaleTargetRef',
  },
  {
    rule: 'disruption-budget',
    from: anObject('PodDisruptionBudget', 'shop/web', {
      spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'x'] }] } },
    }),
    besides: [web({}), aWorkload('Deployment', 'shop/other')],
    to: 'Deployment.apps/shop/web',
    field: 'spec.selector',
    optional: true,
  },
];

const promotion = (parts: Record<string, unknown> = {}) =>
  anObject('Promotion', 'shop/spring', { apiVersion: 'shop.example/v1', ...parts });
const campaign = anObject('Campaign', 'summer', { apiVersion: 'shop.example/v1' });
const inStructure: readonly Row[] = [
  {
    rule: 'namespace',
    from: anObject('ConfigMap', 'shop/cfg'),
    to: 'Namespace/shop',
    field: 'metadata.namespace',
  },
  {
    rule: 'definition',
    from: promotion(),
    to: 'CustomResourceDefinition.apiextensions.k8s.io/promotions.shop.example',
    field: 'apiVersion',
  },
  {
    rule: 'definition',
    from: promotion(),
    besides: [
      anObject('CustomResourceDefinition', 'promos.shop.example', {
        spec: { group: 'shop.example', names: { kind: 'Promotion' } },
      }),
    ],
    to: 'CustomResourceDefinition.apiextensions.k8s.io/promos.shop.example',
    field: 'apiVersion',
  },
  {
    rule: 'owner',
    from: anObject('ConfigMap', 'shop/cfg', { metadata: { ownerReferences: [ownedBy(web({}))] } }),
    to: 'Deployment.apps/shop/web',
    field: 'metadata.ownerReferences[0]',
  },
  ...[[], [campaign]].map((besides) => ({
    rule: 'owner',
    from: anObject('ConfigMap', 'shop/cfg', {
      metadata: { ownerReferences: [ownedBy(anObject('ConfigMap', 'shop/first')), ownedBy(campaign)] },
    }),
    besides,
    to: 'Campaign.shop.example/summer',
    field: 'metadata.ownerReferences[1]',
  })),
];

/** All findings of a rule, whether or not the object referred to is there. */
function findings(rule: string, objects: readonly KubeObject[], infer: boolean) {
  const { edges, missing } = references(objects, { infer, lookup });
  return [
    ...edges.map(({ from, to, rule: name, field }) => ({ from, to, rule: name, field })),
    ...missing.map(({ from, to, rule: name, field }) => ({ from, to: refKey(to), rule: name, field })),
  ].filter((finding) => finding.rule === rule);
}

describe.each([
  { family: 'pods', rows: inPods, always: false },
  { family: 'storage', rows: inStorage, always: false },
  { family: 'network', rows: inNetwork, always: false },
  { family: 'access', rows: inAccess, always: false },
  { family: 'scaling', rows: inScaling, always: false },
  { family: 'structure', rows: inStructure, always: true },
])('rules about $family', ({ rows, always }) => {
  it.each(rows)('$rule: $field leads to $to', ({ rule, from, besides = [], to, field, optional }) => {
    const objects = [from, ...besides];

    const found = findings(rule, objects, true).filter((finding) => finding.to === to);

    expect(found.map((finding) => finding.field)).toEqual([field]);
    const { missing } = references(objects, { infer: true, lookup });
    const unknown = missing.filter((candidate) => candidate.rule === rule && refKey(candidate.to) === to);
    const isThere = besides.some((object) => refKey(refOf(object)) === to);
    expect(unknown.map((reference) => reference.optional)).toEqual(isThere ? [] : [optional ?? false]);
  });

  it.each(rows)(
    '$rule ($field) is used without inference: ' + String(always),
    ({ rule, from, besides = [] }) => {
      expect(findings(rule, [from, ...besides], false).length > 0).toBe(always);
    },
  );
});

describe('references that are none', () => {
  it.each<{ what: string; rule: string; objects: readonly KubeObject[] }>([
    {
      what: 'an empty name',
      rule: 'volume-claim',
      objects: [web(volume({ persistentVolumeClaim: { claimName: '' } }))],
    },
    {
      what: 'an empty class',
      rule: 'claim-storage-class',
      objects: [anObject('PersistentVolumeClaim', 'shop/d', { spec: { storageClassName: '' } })],
    },
    { what: 'fields of another type', rule: 'env-from-secret', objects: [web({ containers: 'none' })] },
    { what: 'a kind of Kubernetes itself', rule: 'definition', objects: [anObject('Ingress', 'shop/front')] },
    {
      what: 'a custom kind nobody knows',
      rule: 'definition',
      objects: [anObject('Odd', 'shop/x', { apiVersion: 'odd.example/v1' })],
    },
    {
      what: 'rights of an account of the same name in another namespace',
      rule: 'granted-by',
      objects: [
        web({ serviceAccountName: 'web' }),
        anObject('RoleBinding', 'other/b', { subjects: [{ kind: 'ServiceAccount', name: 'web' }] }),
      ],
    },
    {
      what: 'rights of all accounts of the cluster',
      rule: 'granted-by',
      objects: [
        web({}),
        anObject('ClusterRoleBinding', 'b', {
          subjects: [{ kind: 'Group', name: 'system:serviceaccounts' }],
        }),
      ],
    },
    {
      what: 'a budget without a selector',
      rule: 'disruption-budget',
      objects: [web({}), anObject('PodDisruptionBudget', 'shop/b', { spec: {} })],
    },
    {
      what: 'a budget in another namespace',
      rule: 'disruption-budget',
      objects: [web({}), anObject('PodDisruptionBudget', 'other/b', { spec: { selector: {} } })],
    },
  ])('$what makes no $rule', ({ rule, objects }) => {
    expect(findings(rule, objects, true)).toEqual([]);
  });

  it('an object never needs itself', () => {
    const self = anObject('ConfigMap', 'shop/cfg');
    const odd = { ...self, metadata: { ...self.metadata, ownerReferences: [ownedBy(self)] } };

    const { edges, missing } = references([odd], { infer: true });

    expect(edges).toEqual([]);
    expect(missing.map(({ rule }) => rule)).toEqual(['namespace']);
  });
});
