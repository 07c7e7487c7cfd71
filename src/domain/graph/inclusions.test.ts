import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { anObject, aWorkload, controlledBy } from '../../testing/objects.ts';
import { inclusions } from './inclusions.ts';
import { servingOf } from './serving.ts';

const keyOf = (object: KubeObject) => objectKey(object);
const web = aWorkload('Deployment', 'shop/web', {
  serviceAccountName: 'web',
  containers: [{ env: [{ name: 'DB_HOST', value: 'db' }] }],
});
const account = anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] });
const registry = anObject('Secret', 'shop/registry');
const db = anObject('Service', 'shop/db', { spec: { selector: { app: 'db' } } });
const database = aWorkload('StatefulSet', 'shop/db');
const manyOf = (replicas: number) =>
  aWorkload(
    'StatefulSet',
    'shop/many',
    {},
    { replicas, volumeClaimTemplates: [{ metadata: { name: 'data' } }] },
  );
const guarded = (kind: string, ...services: string[]) =>
  anObject(kind, 'guard', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    webhooks: services.map((name) => ({ clientConfig: { service: { namespace: 'shop', name } } })),
  });

describe('inclusions', () => {
  it('tells of each object the shortest chain back to the selection', () => {
    const role = anObject('ClusterRole', 'all', {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'a' } }] },
    });
    const part = anObject('ClusterRole', 'part', { metadata: { labels: { part: 'a' } } });
    const binding = anObject('ClusterRoleBinding', 'web', {
      roleRef: { kind: 'ClusterRole', name: 'all' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'web' }],
    });
    const objects = [web, account, registry, db, database, role, part, binding];

    const reasons = inclusions(objects, new Set([keyOf(web)]), { infer: true });

    const told = [...reasons].map(([key, reason]) =>
      reason.kind === 'selected'
        ? `${key}: selected`
        : `${key}: ${reason.by} by ${reason.rule}, ${reason.field}`,
    );
    expect(told).toEqual([
      'ClusterRole.rbac.authorization.k8s.io/all: ClusterRoleBinding.rbac.authorization.k8s.io/web by binding-role, roleRef.name',
      'ClusterRole.rbac.authorization.k8s.io/part: ClusterRole.rbac.authorization.k8s.io/all by aggregated-role, aggregationRule.clusterRoleSelectors[0]',
      'ClusterRoleBinding.rbac.authorization.k8s.io/web: Deployment.apps/shop/web by granted-by, spec.template.spec.serviceAccountName',
      'Deployment.apps/shop/web: selected',
      'Secret/shop/registry: ServiceAccount/shop/web by account-image-pull-secret, imagePullSecrets[0].name',
      'Service/shop/db: Deployment.apps/shop/web by service-name-in-environment, spec.template.spec.containers[0].env[0].value',
      'ServiceAccount/shop/web: Deployment.apps/shop/web by service-account, spec.template.spec.serviceAccountName',
      'StatefulSet.apps/shop/db: Deployment.apps/shop/web by service-name-in-environment, spec.template.spec.containers[0].env[0].value',
    ]);
  });

  it('tells of what is looked for with an object that does not wait for it', () => {
    const certificate = anObject('Certificate', 'shop/tls', {
      apiVersion: 'cert-manager.io/v1',
      spec: { secretName: 'tls' },
    });
    const secret = anObject('Secret', 'shop/tls', { metadata: controlledBy(certificate) });

    const reasons = inclusions([certificate, secret], new Set([keyOf(certificate)]), { infer: true });

    expect(reasons.get(keyOf(secret))).toMatchObject({
      by: keyOf(certificate),
      rule: 'cert-manager-kept-secret',
    });
  });

  it('says nothing of an object that nothing leads to', () => {
    const reasons = inclusions([web, anObject('Secret', 'other/idle')], new Set([keyOf(web)]), {
      infer: true,
    });

    expect([...reasons.keys()]).toEqual([keyOf(web)]);
  });
});

describe('what serves known objects without being referred to', () => {
  it.each<{ what: string; known: readonly KubeObject[]; candidate: KubeObject; rule: string | undefined }>([
    {
      what: 'a webhook that a known Service answers',
      known: [db],
      candidate: guarded('ValidatingWebhookConfiguration', 'db'),
      rule: 'webhook-backend',
    },
    {
      what: 'a webhook that is answered elsewhere too',
      known: [db],
      candidate: guarded('MutatingWebhookConfiguration', 'db', 'gone'),
      rule: undefined,
    },
    {
      what: 'an aggregated API that a known Service answers',
      known: [db],
      candidate: anObject('APIService', 'v1.x.example', {
        spec: { group: 'x.example', version: 'v1', service: { namespace: 'shop', name: 'db' } },
      }),
      rule: 'api-service-backend',
    },
    {
      what: 'the aggregated API of a known object',
      known: [anObject('Thing', 'shop/t', { apiVersion: 'x.example/v1' })],
      candidate: anObject('APIService', 'v1.x.example', {
        spec: { group: 'x.example', version: 'v1', service: { namespace: 'infra', name: 'x' } },
      }),
      rule: 'aggregated-api',
    },
    {
      what: 'an API that the cluster serves itself',
      known: [anObject('Thing', 'shop/t', { apiVersion: 'x.example/v1' })],
      candidate: anObject('APIService', 'v1.x.example', { spec: { group: 'x.example', version: 'v1' } }),
      rule: undefined,
    },
    {
      what: 'the workload behind a known Service',
      known: [db],
      candidate: database,
      rule: 'answers-service',
    },
    { what: 'another workload', known: [db], candidate: web, rule: undefined },
    {
      what: 'a slice made by hand for a known Service',
      known: [anObject('Service', 'shop/ext', { spec: {} })],
      candidate: anObject('EndpointSlice', 'shop/ext-1', {
        metadata: { labels: { 'kubernetes.io/service-name': 'ext' } },
      }),
      rule: 'service-endpoints',
    },
    { what: 'the Service of a known workload', known: [database], candidate: db, rule: 'service-selector' },
    { what: 'the Service of another workload', known: [web], candidate: db, rule: undefined },
    {
      what: 'a Service without a selector',
      known: [database],
      candidate: anObject('Service', 'shop/ext', { spec: {} }),
      rule: undefined,
    },
    {
      what: 'a policy for every pod of the namespace',
      known: [web],
      candidate: anObject('NetworkPolicy', 'shop/deny', { spec: { podSelector: {} } }),
      rule: 'network-policy',
    },
    {
      what: 'a policy for other pods',
      known: [web],
      candidate: anObject('NetworkPolicy', 'shop/db', {
        spec: { podSelector: { matchLabels: { app: 'db' } } },
      }),
      rule: undefined,
    },
    {
      what: 'a policy of another namespace',
      known: [web],
      candidate: anObject('NetworkPolicy', 'pay/deny', { spec: { podSelector: {} } }),
      rule: undefined,
    },
    {
      what: 'a route to a known Service',
      known: [db],
      candidate: anObject('HTTPRoute', 'front/db', {
        apiVersion: 'gateway.networking.k8s.io/v1',
        spec: { rules: [{ backendRefs: [{ name: 'db', namespace: 'shop' }] }] },
      }),
      rule: 'route-backend',
    },
    {
      what: 'an autoscaler of KEDA',
      known: [web],
      candidate: anObject('ScaledObject', 'shop/web', {
        apiVersion: 'keda.sh/v1alpha1',
        spec: { scaleTargetRef: { name: 'web' } },
      }),
      rule: 'keda-scale-target',
    },
    {
      what: 'a claim of a set that has too many to name',
      known: [manyOf(100_000)],
      candidate: anObject('PersistentVolumeClaim', 'shop/data-many-99999'),
      rule: 'claim-of-template',
    },
    {
      what: 'a claim of a pod that the set had once',
      known: [manyOf(3)],
      candidate: anObject('PersistentVolumeClaim', 'shop/data-many-3'),
      rule: undefined,
    },
    {
      what: 'a grant to other namespaces only',
      known: [db],
      candidate: anObject('ReferenceGrant', 'shop/g', {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        spec: {
          from: [{ group: '', kind: 'Thing', namespace: 'front' }],
          to: [{ group: '', kind: 'Service' }],
        },
      }),
      rule: undefined,
    },
    { what: 'something known already', known: [db, database], candidate: database, rule: undefined },
  ])('$what: $rule', ({ known, candidate, rule }) => {
    expect(servingOf(known, [candidate], () => false).map((one) => one.rule)).toEqual(
      rule === undefined ? [] : [rule],
    );
    expect(servingOf(known, [candidate], () => true)).toEqual([]);
  });
});
