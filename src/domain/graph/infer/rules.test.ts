import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { refKey, refOf } from '../../../api/object.ts';
import { anObject, aWorkload, ownedBy } from '../../../testing/objects.ts';
import type { KindLookup } from '../kinds.ts';
import { operatorReferences } from '../operators.ts';
import { references } from '../references.ts';
import { ruleCatalogue } from './rules.ts';

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
    rule: 'resource-claim',
    from: web({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'one-gpu' }] }),
    to: 'ResourceClaimTemplate.resource.k8s.io/shop/one-gpu',
    field: 'spec.template.spec.resourceClaims[0].resourceClaimTemplateName',
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

/** Custom resources of three shapes that embed pod templates. */
const rollout = anObject('Rollout', 'shop/web', {
  apiVersion: 'argoproj.io/v1alpha1',
  spec: { template: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } },
});
const flink = anObject('FlinkDeployment', 'shop/jobs', {
  apiVersion: 'flink.apache.org/v1beta1',
  spec: { podTemplate: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } },
});
const ray = anObject('RayCluster', 'shop/ray', {
  apiVersion: 'ray.io/v1',
  spec: {
    headGroupSpec: { template: { spec: container({}) } },
    workerGroupSpecs: [{ template: { spec: container({ envFrom: [{ secretRef: { name: 'pw' } }] }) } }],
  },
});
const inCustomResources: readonly Row[] = [
  [rollout, 'spec.template.spec'] as const,
  [flink, 'spec.podTemplate.spec'] as const,
  [ray, 'spec.workerGroupSpecs[0].template.spec'] as const,
].map(([from, path]) => ({
  rule: 'env-from-secret',
  from,
  to: 'Secret/shop/pw',
  field: `${path}.containers[1].envFrom[0].secretRef.name`,
}));

const inStorage: readonly Row[] = [
  {
    rule: 'claim-attributes-class',
    from: anObject('PersistentVolumeClaim', 'shop/data', { spec: { volumeAttributesClassName: 'gold' } }),
    to: 'VolumeAttributesClass.storage.k8s.io/gold',
    field: 'spec.volumeAttributesClassName',
  },
  {
    rule: 'claim-volume',
    from: anObject('PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' } }),
    to: 'PersistentVolume/pv-1',
    field: 'spec.volumeName',
    optional: true,
  },
  {
    rule: 'claim-data-source',
    from: anObject('PersistentVolumeClaim', 'shop/data', {
      spec: { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'before' } },
    }),
    to: 'VolumeSnapshot.snapshot.storage.k8s.io/shop/before',
    field: 'spec.dataSource.name',
    optional: true,
  },
  {
    rule: 'claim-data-source',
    from: anObject('PersistentVolumeClaim', 'shop/data', {
      spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'golden', namespace: 'images' } },
    }),
    to: 'PersistentVolumeClaim/images/golden',
    field: 'spec.dataSourceRef.name',
    optional: true,
  },
  {
    rule: 'storage-class-secret',
    from: anObject('StorageClass', 'fast', {
      parameters: {
        'csi.storage.k8s.io/provisioner-secret-name': 'pw',
        'csi.storage.k8s.io/provisioner-secret-namespace': 'shop',
        'csi.storage.k8s.io/node-stage-secret-name': 'node-${pvc.name}',
        'csi.storage.k8s.io/node-stage-secret-namespace': 'shop',
      },
    }),
    to: 'Secret/shop/pw',
    field: 'parameters["csi.storage.k8s.io/provisioner-secret-name"]',
  },
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

const outside = (fields: object) => anObject('Service', 'shop/db', { spec: fields });
const inNetwork: readonly Row[] = [
  {
    rule: 'external-name',
    from: outside({ type: 'ExternalName', externalName: 'db.shop-data.svc.cluster.local' }),
    to: 'Service/shop-data/db',
    field: 'spec.externalName',
  },
  {
    rule: 'service-endpoints',
    from: outside({}),
    to: 'Endpoints/shop/db',
    field: 'metadata.name',
    optional: true,
  },
  {
    rule: 'service-endpoints',
    from: outside({}),
    besides: [
      anObject('EndpointSlice', 'shop/db-1', {
        metadata: { labels: { 'kubernetes.io/service-name': 'db' } },
      }),
      anObject('EndpointSlice', 'other/db-1', {
        metadata: { labels: { 'kubernetes.io/service-name': 'db' } },
      }),
    ],
    to: 'EndpointSlice.discovery.k8s.io/shop/db-1',
    field: 'metadata.name',
  },
  {
    rule: 'ingress-class',
    from: anObject('Ingress', 'shop/front', {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    }),
    to: 'IngressClass.networking.k8s.io/nginx',
    field: 'metadata.annotations["kubernetes.io/ingress.class"]',
    optional: true,
  },
  {
    rule: 'ingress-class-parameters',
    from: anObject('IngressClass', 'alb', {
      spec: { parameters: { apiGroup: 'elbv2.k8s.aws', kind: 'IngressClassParams', name: 'alb' } },
    }),
    to: 'IngressClassParams.elbv2.k8s.aws/alb',
    field: 'spec.parameters.name',
  },
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
    rule: 'aggregated-role',
    from: anObject('ClusterRole', 'monitoring', {
      aggregationRule: {
        clusterRoleSelectors: [{ matchLabels: { x: 'y' } }, { matchLabels: { part: 'm' } }],
      },
    }),
    besides: [
      anObject('ClusterRole', 'monitoring-pods', { metadata: { labels: { part: 'm' } } }),
      anObject('ClusterRole', 'other', { metadata: { labels: { part: 'o' } } }),
    ],
    to: 'ClusterRole.rbac.authorization.k8s.io/monitoring-pods',
    field: 'aggregationRule.clusterRoleSelectors[1]',
  },
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

const guarded = { namespace: 'shop', name: 'guard' };
const guard = anObject('Service', 'shop/guard', { spec: { selector: { app: 'guard' } } });
const backend = aWorkload('Deployment', 'shop/guard');
const crd = anObject('CustomResourceDefinition', 'promotions.shop.example', {
  spec: {
    group: 'shop.example',
    names: { kind: 'Promotion', plural: 'promotions' },
    conversion: { webhook: { clientConfig: { service: guarded } } },
  },
});
const inExtensions: readonly Row[] = [
  ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].flatMap((kind) =>
    [
      ['Service/shop/guard', undefined] as const,
      ['Deployment.apps/shop/guard', [guard, backend]] as const,
    ].map(([to, besides]) => ({
      rule: 'webhook-backend',
      from: anObject(kind, 'guard', {
        apiVersion: 'admissionregistration.k8s.io/v1',
        webhooks: [{ clientConfig: { url: 'https://x' } }, { clientConfig: { service: guarded } }],
      }),
      besides: besides ?? [],
      to,
      field: 'webhooks[1].clientConfig.service.name',
    })),
  ),
  {
    rule: 'api-service-backend',
    from: anObject('APIService', 'v1.shop.example', { spec: { service: guarded } }),
    to: 'Service/shop/guard',
    field: 'spec.service.name',
  },
  {
    rule: 'conversion-service',
    from: crd,
    to: 'Service/shop/guard',
    field: 'spec.conversion.webhook.clientConfig.service.name',
  },
  {
    rule: 'conversion-webhook',
    from: anObject('Promotion', 'shop/spring', { apiVersion: 'shop.example/v1' }),
    besides: [crd, guard, backend],
    to: 'Deployment.apps/shop/guard',
    field:
      'spec.conversion.webhook.clientConfig.service.name of CustomResourceDefinition.apiextensions.k8s.io/promotions.shop.example',
  },
  {
    rule: 'admission-policy',
    from: anObject('ValidatingAdmissionPolicyBinding', 'b', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      spec: { policyName: 'no-latest' },
    }),
    to: 'ValidatingAdmissionPolicy.admissionregistration.k8s.io/no-latest',
    field: 'spec.policyName',
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
    rule: 'aggregated-api',
    from: promotion(),
    besides: [
      anObject('APIService', 'v1.shop.example', {
        spec: { group: 'shop.example', version: 'v1', service: { namespace: 'shop', name: 'api' } },
      }),
    ],
    to: 'APIService.apiregistration.k8s.io/v1.shop.example',
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
  { family: 'custom resources that run pods', rows: inCustomResources, always: false },
  { family: 'extensions', rows: inExtensions, always: false },
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

  it.each<{ what: string; rule: string; objects: readonly KubeObject[] }>([
    {
      what: 'a name outside of the cluster',
      rule: 'external-name',
      objects: [outside({ type: 'ExternalName', externalName: 'db.example.com' })],
    },
    {
      what: 'a Service with a selector',
      rule: 'service-endpoints',
      objects: [outside({ selector: { app: 'db' } })],
    },
    {
      what: 'an API that the cluster serves itself',
      rule: 'aggregated-api',
      objects: [
        promotion(),
        anObject('APIService', 'v1.shop.example', { spec: { group: 'shop.example', version: 'v1' } }),
      ],
    },
    {
      what: 'affinity to another workload',
      rule: 'service-name-in-environment',
      objects: [
        web({
          affinity: {
            podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] },
          },
          topologySpreadConstraints: [{ labelSelector: { matchLabels: { app: 'db' } } }],
        }),
      ],
    },
  ])('$what makes no $rule', ({ rule, objects }) => {
    expect(findings(rule, objects, true)).toEqual([]);
  });

  it('the definition of a kind with a converter is not made to wait for it, or the operator would never start', () => {
    const { edges } = references([crd, guard, backend], { infer: true });

    expect(edges.filter(({ from }) => from.startsWith('CustomResourceDefinition'))).toEqual([]);
  });

  it('an object never needs itself', () => {
    const self = anObject('ConfigMap', 'shop/cfg');
    const odd = { ...self, metadata: { ...self.metadata, ownerReferences: [ownedBy(self)] } };

    const { edges, missing } = references([odd], { infer: true });

    expect(edges).toEqual([]);
    expect(missing.map(({ rule }) => rule)).toEqual(['namespace']);
  });
});

describe('the catalogue', () => {
  it('names every rule once, and says in a sentence what it concludes', () => {
    const names = ruleCatalogue.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
    for (const { sentence, reads } of ruleCatalogue) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(reads).not.toBe('');
    }
  });

  it('has no rule of Kubernetes without a row in these tables', () => {
    const operators = new Set(operatorReferences.map(({ rule }) => rule));
    const elsewhere = /^(service-name-in-|judged-by-webhook$|argo-sync-wave$)/;
    const covered = new Set(
      [
        inPods,
        inCustomResources,
        inExtensions,
        inStorage,
        inNetwork,
        inAccess,
        inScaling,
        inStructure,
      ].flatMap((rows) => rows.map(({ rule }) => rule)),
    );

    const bare = ruleCatalogue.filter(({ name }) => !operators.has(name) && !elsewhere.test(name));

    expect(bare.filter(({ name }) => !covered.has(name))).toEqual([]);
  });
});
