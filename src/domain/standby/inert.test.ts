import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import { anObject } from '../../testing/objects.ts';
import { kindOf } from '../graph/kinds.ts';
import { inert, revert } from './inert.ts';
import { changesOf, isStandby, STANDBY_ANNOTATION } from './mark.ts';
import { NO_NODE } from './rules.ts';

const inertOf = (object: KubeObject, definition?: KubeObject): KubeObject => {
  const made = inert(object, definition);
  if (made.kind === 'held-back') throw new Error(`held back: ${made.reason}`);
  return made.object;
};
const reasonOf = (object: KubeObject, definition?: KubeObject): string => {
  const made = inert(object, definition);
  return made.kind === 'held-back' ? made.reason : 'not held back';
};

const customDefinition = (scale: object): KubeObject =>
  anObject('CustomResourceDefinition', 'engines.example.com', {
    spec: {
      group: 'example.com',
      names: { kind: 'Engine' },
      versions: [{ name: 'v1', subresources: { scale } }],
    },
  });

describe('a workload in standby', () => {
  it.each([
    ['Deployment', { replicas: 3 }],
    ['Deployment', {}],
    ['StatefulSet', { replicas: 2 }],
    ['ReplicaSet', { replicas: 1 }],
    ['ReplicationController', { replicas: 1 }],
  ])('has no replicas: %s with %o', (kind, spec) => {
    const object = anObject(kind, 'shop/web', { spec });
    expect(at(inertOf(object), 'spec', 'replicas')).toBe(0);
    expect(revert(inertOf(object))).toEqual(object);
  });

  it('is suspended when it is a CronJob or a Job', () => {
    for (const kind of ['CronJob', 'Job'])
      expect(at(inertOf(anObject(kind, 'shop/nightly', { spec: {} })), 'spec', 'suspend')).toBe(true);
  });

  it('has no node to run on when it is a DaemonSet', () => {
    const path = ['spec', 'template', 'spec', 'nodeSelector'];
    const bare = anObject('DaemonSet', 'shop/agent', { spec: { template: { spec: { containers: [] } } } });
    expect(at(inertOf(bare), ...path)).toEqual({ [NO_NODE]: 'true' });
    const picky = anObject('DaemonSet', 'shop/agent', {
      spec: { template: { spec: { nodeSelector: { disk: 'ssd' } } } },
    });
    expect(at(inertOf(picky), ...path)).toEqual({ disk: 'ssd', [NO_NODE]: 'true' });
  });

  it('keeps the claims of a StatefulSet that would give them up', () => {
    const policy = { whenDeleted: 'Retain', whenScaled: 'Delete' };
    const object = anObject('StatefulSet', 'shop/db', {
      spec: { replicas: 1, persistentVolumeClaimRetentionPolicy: policy },
    });
    expect(at(inertOf(object), 'spec', 'persistentVolumeClaimRetentionPolicy')).toEqual({
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
  });

  it('of a custom kind has no replicas, when its definition says that these are its scale', () => {
    const object = anObject('Engine', 'shop/e', { apiVersion: 'example.com/v1', spec: { replicas: 3 } });
    const scaled = customDefinition({ specReplicasPath: '.spec.replicas' });
    expect(at(inertOf(object, scaled), 'spec', 'replicas')).toBe(0);
    const other = customDefinition({ specReplicasPath: '.spec.members' });
    expect(reasonOf(object, other)).toBe('what its operator would do with it is not known');
    expect(reasonOf(object)).toBe('what its operator would do with it is not known');
  });
});

describe('a Service in standby', () => {
  it('has no address from outside, and nothing that only such a Service may have', () => {
    const service = anObject('Service', 'shop/web', {
      metadata: {
        annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com', team: 'shop' },
      },
      spec: {
        type: 'LoadBalancer',
        externalIPs: ['192.0.2.1'],
        externalTrafficPolicy: 'Local',
        loadBalancerClass: 'example.com/nlb',
        ports: [{ port: 80 }],
      },
    });
    const made = inertOf(service);
    expect(made['spec']).toEqual({ type: 'ClusterIP', ports: [{ port: 80 }] });
    expect(Object.keys(made.metadata.annotations ?? {})).toEqual(['team', STANDBY_ANNOTATION]);
    expect(changesOf(made)).toContainEqual({ field: '/spec/type', was: 'LoadBalancer' });
    expect(changesOf(made)).toContainEqual({
      field: '/metadata/annotations/external-dns.alpha.kubernetes.io~1hostname',
      was: 'shop.example.com',
    });
    expect(revert(made)).toEqual(service);
  });

  it('is left as it is when it is for the inside only', () => {
    const service = anObject('Service', 'shop/db', { spec: { clusterIP: 'None', type: 'ClusterIP' } });
    expect(changesOf(inertOf(service))).toEqual([]);
  });
});

describe('what cannot be there without doing something', () => {
  it.each([
    ['Pod', {}],
    ['PersistentVolumeClaim', {}],
    ['HorizontalPodAutoscaler', {}],
    ['Ingress', {}],
    ['APIService', {}],
    ['ScaledObject', { apiVersion: 'keda.sh/v1alpha1' }],
    ['Gateway', { apiVersion: 'gateway.networking.k8s.io/v1' }],
    ['Certificate', { apiVersion: 'cert-manager.io/v1' }],
    ['ValidatingWebhookConfiguration', { apiVersion: 'admissionregistration.k8s.io/v1' }],
    ['Job', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }],
    ['PriorityClass', { globalDefault: true }],
    ['CustomResourceDefinition', { spec: { conversion: { strategy: 'Webhook' } } }],
  ])('is held back: %s', (kind, parts) => {
    expect(reasonOf(anObject(kind, 'shop/x', parts))).not.toBe('not held back');
  });
});

it.each([
  ['StorageClass', 'storage.k8s.io/v1', 'storageclass.kubernetes.io/is-default-class'],
  ['IngressClass', 'networking.k8s.io/v1', 'ingressclass.kubernetes.io/is-default-class'],
  ['VolumeSnapshotClass', 'snapshot.storage.k8s.io/v1', 'snapshot.storage.kubernetes.io/is-default-class'],
  [
    'VolumeGroupSnapshotClass',
    'groupsnapshot.storage.k8s.io/v1beta1',
    'groupsnapshot.storage.kubernetes.io/is-default-class',
  ],
])('a class in standby is not the default one: %s', (kind, apiVersion, annotation) => {
  const object = anObject(kind, 'fast', {
    apiVersion,
    metadata: { annotations: { [annotation]: 'true', team: 'shop' } },
  });
  expect(Object.keys(inertOf(object).metadata.annotations ?? {})).toEqual(['team', STANDBY_ANNOTATION]);
  expect(revert(inertOf(object))).toEqual(object);
});

it('a mark that somebody has put on an object does not make it run', () => {
  const forged = anObject('Deployment', 'shop/web', {
    metadata: { annotations: { [STANDBY_ANNOTATION]: '{"changes":[]}' } },
    spec: { replicas: 3 },
  });
  expect(at(inertOf(forged), 'spec', 'replicas')).toBe(0);
  expect(
    inertOf({ ...forged, metadata: { ...forged.metadata, annotations: { [STANDBY_ANNOTATION]: 'no' } } }),
  ).toEqual(inertOf(forged));
});

const text = fc.constantFrom('a', 'b', 'c/d', 'e~f');
const annotations = fc.dictionary(
  fc.oneof(
    text,
    fc.constantFrom('external-dns.alpha.kubernetes.io/target', 'external-dns.kubernetes.io/ttl'),
  ),
  text,
  { minKeys: 1 },
);
const spec = fc.record(
  {
    replicas: fc.nat(5),
    suspend: fc.boolean(),
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    externalIPs: fc.array(text, { minLength: 1 }),
    externalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
    loadBalancerClass: text,
    persistentVolumeClaimRetentionPolicy: fc.record({
      whenDeleted: fc.constantFrom('Retain', 'Delete'),
      whenScaled: fc.constantFrom('Retain', 'Delete'),
    }),
    template: fc.record({
      spec: fc.record({ nodeSelector: fc.dictionary(text, text) }, { requiredKeys: [] }),
    }),
  },
  { requiredKeys: ['template'] },
);
const objects = fc
  .record(
    {
      kind: fc.constantFrom(
        'Deployment',
        'StatefulSet',
        'ReplicaSet',
        'DaemonSet',
        'CronJob',
        'Job',
        'Service',
        'ConfigMap',
        'StorageClass',
      ),
      annotations,
      finalizers: fc.array(text, { minLength: 1 }),
      spec,
    },
    { requiredKeys: ['kind', 'spec'] },
  )
  .map(({ kind, annotations: noted, finalizers, spec: body }) =>
    anObject(kind, 'shop/x', {
      metadata: { ...(noted && { annotations: noted }), ...(finalizers && { finalizers }) },
      spec: body,
    }),
  );

describe('any object', () => {
  it('is the same again when what is inert already is made inert', () => {
    fc.assert(
      fc.property(objects, (object) => {
        expect(inert(inertOf(object))).toEqual(inert(object));
      }),
    );
  });

  it('can be had back as it was', () => {
    fc.assert(
      fc.property(objects, (object) => {
        expect(revert(inertOf(object))).toEqual(object);
      }),
    );
  });

  it('runs nothing, and announces nothing', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const made = inertOf(object);
        expect(isStandby(made)).toBe(true);
        expect(runs(made)).toBe(false);
        expect(made.metadata.finalizers).toBeUndefined();
        expect(
          Object.keys(made.metadata.annotations ?? {}).some((name) => name.startsWith('external-dns')),
        ).toBe(false);
      }),
    );
  });
});

/** What Kubernetes' own controllers make of an object. */
function runs(object: KubeObject): boolean {
  switch (kindOf(object)) {
    case 'Deployment.apps':
    case 'StatefulSet.apps':
    case 'ReplicaSet.apps':
      return at(object, 'spec', 'replicas') !== 0;
    case 'CronJob.batch':
    case 'Job.batch':
      return at(object, 'spec', 'suspend') !== true;
    case 'DaemonSet.apps':
      return at(object, 'spec', 'template', 'spec', 'nodeSelector', NO_NODE) !== 'true';
    case 'Service':
      return at(object, 'spec', 'type') === 'LoadBalancer' || at(object, 'spec', 'externalIPs') !== undefined;
    default:
      return false;
  }
}
