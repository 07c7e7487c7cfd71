/** Rows of what pods refer to, whatever runs them. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { CONTAINER, container, type Row, VOLUME, volume, web } from './row.ts';

/** What the spec of a pod names. */
export const inPods: readonly Row[] = [
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
    rule: 'volume-secret-provider',
    from: web(
      volume({
        csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } },
      }),
    ),
    to: 'SecretProviderClass.secrets-store.csi.x-k8s.io/shop/vault',
    field: `${VOLUME}.csi.volumeAttributes.secretProviderClass`,
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
