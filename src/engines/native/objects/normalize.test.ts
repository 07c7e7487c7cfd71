import fc from 'fast-check';
import { expect, test } from 'vitest';
import { at } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { canonicalJson, objectDigest } from './digest.ts';
import { normalize } from './normalize.ts';

const SERVER_SET = {
  uid: '0c2d',
  resourceVersion: '42',
  generation: 3,
  creationTimestamp: '2026-01-01T00:00:00Z',
  deletionTimestamp: '2026-01-02T00:00:00Z',
  deletionGracePeriodSeconds: 30,
  selfLink: '/api/v1/x',
  generateName: 'web-',
  managedFields: [{ manager: 'kubectl' }],
};

function object(apiVersion: string, kind: string, rest: object = {}, metadata: object = {}): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name: 'web', namespace: 'shop', ...SERVER_SET, ...metadata },
    ...rest,
    status: { phase: 'Active' },
  };
}

const keyed = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 4 });
const labels = keyed(fc.string());
const anyObject: fc.Arbitrary<KubeObject> = fc
  .record({
    type: fc.constantFrom(
      ['v1', 'Service'],
      ['v1', 'PersistentVolumeClaim'],
      ['v1', 'Secret'],
      ['v1', 'Pod'],
      ['v1', 'ServiceAccount'],
      ['v1', 'Namespace'],
      ['batch/v1', 'Job'],
      ['batch/v1', 'CronJob'],
      ['apps/v1', 'Deployment'],
      ['apps/v1', 'StatefulSet'],
      ['example.com/v1', 'Widget'],
    ),
    labels,
    annotations: labels,
    spec: keyed(fc.jsonValue({ maxDepth: 3 })),
    finalizers: fc.array(fc.constantFrom('kubernetes.io/pvc-protection', 'example.com/wait', 'orphan')),
  })
  .map(({ type: [apiVersion = '', kind = ''], labels: found, annotations, spec, finalizers }) =>
    object(apiVersion, kind, { spec }, { labels: found, annotations, finalizers }),
  );

test('normalising twice is the same as once', () => {
  fc.assert(
    fc.property(anyObject, (input) => {
      const once = normalize(input);
      expect(normalize(once)).toEqual(once);
    }),
  );
});

test('nothing that a server sets in metadata, and no status, survives on any kind', () => {
  fc.assert(
    fc.property(anyObject, (input) => {
      const result = normalize(input);
      const allowed = ['name', 'namespace', 'labels', 'annotations', 'ownerReferences', 'finalizers'];
      expect(Object.keys(result.metadata).filter((field) => !allowed.includes(field))).toEqual([]);
      expect(result['status']).toBeUndefined();
    }),
  );
});

test('the input is left as it was', () => {
  fc.assert(
    fc.property(anyObject, (input) => {
      const before = JSON.stringify(input);
      normalize(input);
      expect(JSON.stringify(input)).toBe(before);
    }),
  );
});

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

test('a digest does not depend on the order of keys, nor on what the server sets', () => {
  fc.assert(
    fc.property(anyObject, (input) => {
      expect(objectDigest(reversed(input) as KubeObject)).toBe(objectDigest(input));
      const elsewhere = { ...input, metadata: { ...input.metadata, uid: 'other', resourceVersion: '9' } };
      expect(objectDigest({ ...elsewhere, status: undefined })).toBe(objectDigest(input));
    }),
  );
});

test('canonical JSON is read back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

const secret = (value: string) => object('v1', 'Secret', { type: 'Opaque', data: { password: value } });

test('a digest changes with any value of a Secret', () => {
  expect(objectDigest(secret('eA=='))).not.toBe(objectDigest(secret('eQ==')));
});

test('a Service keeps its ports and loses addresses, node ports and families of the source', () => {
  const service = object('v1', 'Service', {
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.0.0.7',
      clusterIPs: ['10.0.0.7'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      loadBalancerIP: '203.0.113.9',
      healthCheckNodePort: 31000,
      externalTrafficPolicy: 'Local',
      ports: [{ name: 'http', port: 80, nodePort: 30080, targetPort: 8080 }],
      selector: { app: 'web' },
    },
  });
  expect(normalize(service)['spec']).toEqual({
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    selector: { app: 'web' },
  });
});

test('a headless Service stays headless', () => {
  const spec = { clusterIP: 'None', clusterIPs: ['None'], selector: { app: 'db' }, ports: [{ port: 5432 }] };
  expect(normalize(object('v1', 'Service', { spec }))['spec']).toEqual(spec);
});

test('the wish for two address families is kept, the families are not', () => {
  const spec = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'], selector: { app: 'db' } };
  expect(normalize(object('v1', 'Service', { spec }))['spec']).toEqual({
    ipFamilyPolicy: 'PreferDualStack',
    selector: { app: 'db' },
  });
});

test('a claim forgets the volume it is bound to and all traces of binding', () => {
  const claim = object(
    'v1',
    'PersistentVolumeClaim',
    { spec: { volumeName: 'pvc-1', storageClassName: 'fast', accessModes: ['ReadWriteOnce'] } },
    {
      annotations: {
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/selected-node': 'node-1',
        'volume.kubernetes.io/storage-provisioner': 'csi',
        'volume.beta.kubernetes.io/storage-provisioner': 'csi',
        team: 'data',
      },
      finalizers: ['kubernetes.io/pvc-protection'],
    },
  );
  expect(normalize(claim)).toEqual({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'web', namespace: 'shop', annotations: { team: 'data' } },
    spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'] },
  });
});

test.each([
  [{ matchLabels: { 'velero.io/dynamic-pv-restore': 'x' } }, undefined],
  [{ matchLabels: { 'velero.io/dynamic-pv-restore': 'x', disk: 'fast' } }, { matchLabels: { disk: 'fast' } }],
  [{ matchLabels: {} }, { matchLabels: {} }],
])('a claim no longer asks for the volume that a data mover made for it once: %o', (selector, expected) => {
  const spec = { accessModes: ['ReadWriteOnce'], selector };
  const normal = normalize(object('v1', 'PersistentVolumeClaim', { spec }));

  expect(normal['spec']).toEqual({
    accessModes: ['ReadWriteOnce'],
    ...(expected === undefined ? {} : { selector: expected }),
  });
});

const jobSpec = (manualSelector?: boolean) => ({
  ...(manualSelector === undefined ? {} : { manualSelector }),
  selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
  template: {
    metadata: {
      creationTimestamp: null,
      labels: {
        app: 'migrate',
        'controller-uid': 'u',
        'job-name': 'web',
        'batch.kubernetes.io/controller-uid': 'u',
        'batch.kubernetes.io/job-name': 'web',
      },
    },
    spec: { restartPolicy: 'Never' },
  },
});

test('a Job loses the selector and labels that its controller made', () => {
  expect(normalize(object('batch/v1', 'Job', { spec: jobSpec() }))['spec']).toEqual({
    template: { metadata: { labels: { app: 'migrate' } }, spec: { restartPolicy: 'Never' } },
  });
});

test('a Job with a selector of its own keeps it and its labels', () => {
  const spec = jobSpec(true);
  const result = normalize(object('batch/v1', 'Job', { spec }));
  expect(at(result, 'spec', 'selector')).toEqual(spec.selector);
  expect(at(result, 'spec', 'template', 'metadata', 'labels')).toEqual(spec.template.metadata.labels);
});

test('a StatefulSet loses the status inside its claim templates', () => {
  const result = normalize(
    object('apps/v1', 'StatefulSet', {
      spec: {
        volumeClaimTemplates: [
          { metadata: { name: 'data', creationTimestamp: null }, spec: {}, status: { phase: 'Pending' } },
        ],
      },
    }),
  );
  expect(at(result, 'spec', 'volumeClaimTemplates')).toEqual([{ metadata: { name: 'data' }, spec: {} }]);
});

test('a bare Pod loses its node, its injected token and tolerations, and keeps its own volumes', () => {
  const token = { name: 'kube-api-access-x7x2z', projected: {} };
  const result = normalize(
    object('v1', 'Pod', {
      spec: {
        nodeName: 'node-1',
        serviceAccountName: 'web',
        serviceAccount: 'web',
        priority: 100,
        preemptionPolicy: 'PreemptLowerPriority',
        priorityClassName: 'high',
        volumes: [{ name: 'cache', emptyDir: {} }, token],
        tolerations: [
          {
            key: 'node.kubernetes.io/not-ready',
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 300,
          },
          { key: 'own', operator: 'Exists' },
        ],
        containers: [
          {
            name: 'web',
            volumeMounts: [{ name: 'cache', mountPath: '/c' }, { name: 'kube-api-access-x7x2z' }],
          },
          { name: 'side', volumeMounts: [{ name: 'kube-api-access-x7x2z' }] },
        ],
      },
    }),
  );
  expect(result['spec']).toEqual({
    serviceAccountName: 'web',
    priorityClassName: 'high',
    volumes: [{ name: 'cache', emptyDir: {} }],
    tolerations: [{ key: 'own', operator: 'Exists' }],
    containers: [{ name: 'web', volumeMounts: [{ name: 'cache', mountPath: '/c' }] }, { name: 'side' }],
  });
});

test('a ServiceAccount keeps the Secrets a user names and loses generated ones', () => {
  const result = normalize(
    object('v1', 'ServiceAccount', {
      secrets: [{ name: 'web-token-x7x2z' }, { name: 'web-dockercfg-abc12' }, { name: 'registry' }],
      imagePullSecrets: [{ name: 'web-dockercfg-abc12' }],
    }),
  );
  expect(result['secrets']).toEqual([{ name: 'registry' }]);
  expect(result['imagePullSecrets']).toBeUndefined();
});

test('a token Secret loses the token, every other Secret stays byte for byte', () => {
  const data = { token: 'dA==', 'ca.crt': 'Y2E=', namespace: 'bg==', extra: 'eA==' };
  const typed = (type: string) => normalize(object('v1', 'Secret', { type, data }))['data'];
  expect(typed('kubernetes.io/service-account-token')).toEqual({ extra: 'eA==' });
  expect(typed('Opaque')).toEqual(data);
});

test('a token Secret is the same whenever its token was last used', () => {
  const labelled = (given: Record<string, string>) => {
    const plain = object('v1', 'Secret', { type: 'kubernetes.io/service-account-token' });
    return objectDigest({ ...plain, metadata: { ...plain.metadata, labels: given } });
  };
  const [used, idle] = ['kubernetes.io/legacy-token-last-used', 'kubernetes.io/legacy-token-invalid-since'];
  const seen = labelled({ app: 'web', [used]: '2026-11-23', [idle]: '2026-11-24' });
  expect(seen).toBe(labelled({ app: 'web' }));
});

test('a Namespace loses what its cluster gave it', () => {
  const result = normalize({
    ...object('v1', 'Namespace', { spec: { finalizers: ['kubernetes'] } }),
    metadata: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop', team: 'shop' } },
  });
  expect(result.metadata.labels).toEqual({ team: 'shop' });
  expect(result['spec']).toEqual({});
});

test("annotations that repeat the object, count revisions or are Antipode's own are left out", () => {
  const result = normalize(
    object(
      'apps/v1',
      'Deployment',
      {},
      {
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVudGVyMg=="}}',
          'deployment.kubernetes.io/revision': '7',
          'antipode.dev/recovery-point': 'dr-shop-1',
          team: 'shop',
        },
        labels: { 'antipode.dev/scenario': 'dr.shop', app: 'web' },
      },
    ),
  );
  expect(result.metadata.annotations).toEqual({ team: 'shop' });
  expect(result.metadata.labels).toEqual({ app: 'web' });
});

test('owner references keep the name of the owner and no uid that a server would accept', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u1', controller: true };
  const result = normalize(object('v1', 'ConfigMap', {}, { ownerReferences: [owner] }));
  expect(result.metadata.ownerReferences).toEqual([{ ...owner, uid: '' }]);
});

test('finalizers of Kubernetes itself go, those of applications stay', () => {
  const finalizers = [
    'kubernetes.io/pvc-protection',
    'service.kubernetes.io/load-balancer-cleanup',
    'orphan',
  ];
  const result = normalize(object('v1', 'Service', {}, { finalizers: [...finalizers, 'example.com/wait'] }));
  expect(result.metadata.finalizers).toEqual(['example.com/wait']);
});
