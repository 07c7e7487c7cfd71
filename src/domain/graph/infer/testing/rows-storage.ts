/** Rows of what volumes, claims and their classes refer to. */
import { anObject, aWorkload } from '../../../../testing/objects.ts';
import { type Row, VOLUME, volume, web } from './row.ts';

/** What claims, templates of claims and classes name. */
export const inStorage: readonly Row[] = [
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
    rule: 'claim-storage-class',
    from: anObject('PersistentVolumeClaim', 'shop/data', {
      metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast' } },
    }),
    to: 'StorageClass.storage.k8s.io/fast',
    field: 'metadata.annotations["volume.beta.kubernetes.io/storage-class"]',
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
