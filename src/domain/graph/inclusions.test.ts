import { describe, expect, it } from 'vitest';
import { type KubeObject, refKey, refOf } from '../../api/object.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { inclusions } from './inclusions.ts';
import { servingOf } from './serving.ts';

const keyOf = (object: KubeObject) => refKey(refOf(object));
const web = aWorkload('Deployment', 'shop/web', {
  serviceAccountName: 'web',
  containers: [{ env: [{ name: 'DB_HOST', value: 'db' }] }],
});
const account = anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] });
const registry = anObject('Secret', 'shop/registry');
const db = anObject('Service', 'shop/db', { spec: { selector: { app: 'db' } } });
const database = aWorkload('StatefulSet', 'shop/db');
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
    { what: 'something known already', known: [db, database], candidate: database, rule: undefined },
  ])('$what: $rule', ({ known, candidate, rule }) => {
    expect(servingOf(known, [candidate], () => false).map((one) => one.rule)).toEqual(
      rule === undefined ? [] : [rule],
    );
    expect(servingOf(known, [candidate], () => true)).toEqual([]);
  });
});
