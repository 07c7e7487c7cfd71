import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../api/object.ts';
import { transforms as transformsSchema } from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { compileTransforms } from './compile.ts';
import { renamedKey } from './namespaces.ts';
import { transformObjects } from './transform-objects.ts';

const namespaces = [
  { from: 'shop', to: 'shop-dr' },
  { from: 'pay', to: 'shop' },
];
const specs = transformsSchema.parse([{ name: 'places', namespaces }]);

function outcome(object: KubeObject) {
  const compiled = compileTransforms(specs, ['shop', 'pay']);
  if (compiled.kind === 'problems') throw new Error(JSON.stringify(compiled.problems));
  const found = transformObjects([object], compiled.transforms).outcomes.get(objectKey(object));
  if (found?.kind !== 'transformed') throw new Error(JSON.stringify(found));
  return found;
}

/** Without the one that every object in a namespace has. */
const changes = (object: KubeObject) =>
  outcome(object)
    .changes.filter(({ field }) => field !== 'metadata.namespace')
    .map(({ transform, field, from, to }) => `${transform} ${field}: ${from} -> ${to}`);

const mentions = (object: KubeObject) =>
  outcome(object).mentions.map(({ field, address }) => `${field}: ${address}`);

describe('a namespace is renamed', () => {
  it('in the object and in its key', () => {
    const { object } = outcome(anObject('Service', 'shop/web'));
    expect(object.metadata.namespace).toBe('shop-dr');
    const mapping = new Map(namespaces.map(({ from, to }) => [from, to]));
    expect(renamedKey('Deployment.apps/shop/web', mapping)).toBe('Deployment.apps/shop-dr/web');
    expect(renamedKey('Namespace/pay', mapping)).toBe('Namespace/shop');
    expect(renamedKey('ClusterRole.rbac.authorization.k8s.io/shop', mapping)).toBe(
      'ClusterRole.rbac.authorization.k8s.io/shop',
    );
  });

  it('when the object is the namespace itself', () => {
    const labels = { 'kubernetes.io/metadata.name': 'shop', team: 'shop' };
    expect(outcome(anObject('Namespace', 'shop', { metadata: { labels } })).object.metadata).toEqual({
      name: 'shop-dr',
      labels: { 'kubernetes.io/metadata.name': 'shop-dr', team: 'shop' },
    });
  });

  it.each<[string, KubeObject, readonly string[]]>([
    [
      'subjects of role bindings',
      anObject('ClusterRoleBinding', 'reader', {
        subjects: [
          { kind: 'ServiceAccount', name: 'web', namespace: 'shop' },
          { kind: 'Group', name: 'system:serviceaccounts:shop' },
          { kind: 'User', name: 'system:serviceaccount:pay:web' },
          { kind: 'User', name: 'shop' },
        ],
      }),
      [
        'places subjects[0].namespace: shop -> shop-dr',
        'places subjects[1].name: system:serviceaccounts:shop -> system:serviceaccounts:shop-dr',
        'places subjects[2].name: system:serviceaccount:pay:web -> system:serviceaccount:shop:web',
      ],
    ],
    [
      'rights to namespaces by name',
      anObject('ClusterRole', 'reader', {
        rules: [
          { apiGroups: [''], resources: ['namespaces'], resourceNames: ['shop', 'x'], verbs: ['get'] },
          { apiGroups: [''], resources: ['secrets'], resourceNames: ['shop'], verbs: ['get'] },
        ],
      }),
      ['places rules[0].resourceNames[0]: shop -> shop-dr'],
    ],
    [
      'the service of a webhook, and the namespaces it is for',
      anObject('ValidatingWebhookConfiguration', 'guard', {
        apiVersion: 'admissionregistration.k8s.io/v1',
        webhooks: [
          {
            clientConfig: { service: { name: 'guard', namespace: 'shop', path: '/shop' } },
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop', team: 'shop' } },
          },
        ],
      }),
      [
        'places webhooks[0].clientConfig.service.namespace: shop -> shop-dr',
        'places webhooks[0].namespaceSelector.matchLabels["kubernetes.io/metadata.name"]: shop -> shop-dr',
      ],
    ],
    [
      'the service of an aggregated API',
      anObject('APIService', 'v1.shop', { spec: { service: { name: 'api', namespace: 'shop' } } }),
      ['places spec.service.namespace: shop -> shop-dr'],
    ],
    [
      'the service that converts a custom kind',
      anObject('CustomResourceDefinition', 'carts.shop', {
        apiVersion: 'apiextensions.k8s.io/v1',
        spec: {
          conversion: { webhook: { clientConfig: { service: { name: 'c', namespace: 'shop' } } } },
          versions: [
            {
              schema: {
                openAPIV3Schema: { properties: { namespace: { default: 'shop' } }, namespace: 'shop' },
              },
            },
          ],
        },
      }),
      ['places spec.conversion.webhook.clientConfig.service.namespace: shop -> shop-dr'],
    ],
    [
      'the lists of a ServiceMonitor',
      anObject('ServiceMonitor', 'shop/web', {
        apiVersion: 'monitoring.coreos.com/v1',
        spec: {
          namespaceSelector: { matchNames: ['shop', 'pay', 'x'] },
          selector: { matchLabels: { namespace: 'shop' } },
        },
      }),
      [
        'places spec.namespaceSelector.matchNames[0]: shop -> shop-dr',
        'places spec.namespaceSelector.matchNames[1]: pay -> shop',
      ],
    ],
    [
      'references of Gateway routes',
      anObject('HTTPRoute', 'shop/web', {
        apiVersion: 'gateway.networking.k8s.io/v1',
        spec: {
          parentRefs: [{ name: 'edge', namespace: 'pay' }],
          rules: [{ backendRefs: [{ name: 'a', namespace: 'x' }] }],
        },
      }),
      ['places spec.parentRefs[0].namespace: pay -> shop'],
    ],
    [
      'fields of custom resources that end so',
      anObject('Kustomization', 'x/apps', {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        spec: { targetNamespace: 'shop', watchNamespaces: ['pay'], namespaceless: 'shop' },
      }),
      ['places spec.targetNamespace: shop -> shop-dr', 'places spec.watchNamespaces[0]: pay -> shop'],
    ],
    [
      'affinity to Pods and network policies',
      anObject('NetworkPolicy', 'shop/allow', {
        spec: {
          ingress: [
            {
              from: [
                {
                  namespaceSelector: {
                    matchExpressions: [
                      { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['pay', 'x'] },
                      { key: 'team', operator: 'In', values: ['pay'] },
                    ],
                  },
                },
              ],
            },
          ],
        },
      }),
      ['places spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].values[0]: pay -> shop'],
    ],
    [
      'the selectors of namespaces that a Prometheus has, whatever they are called',
      anObject('Prometheus', 'x/all', {
        apiVersion: 'monitoring.coreos.com/v1',
        spec: {
          serviceMonitorNamespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          ruleNamespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['pay'] }],
          },
          probeNamespaceSelector: { matchNames: ['shop'] },
          serviceMonitorSelector: { matchLabels: { team: 'shop' }, matchNames: ['shop'] },
        },
      }),
      [
        'places spec.serviceMonitorNamespaceSelector.matchLabels["kubernetes.io/metadata.name"]: shop -> shop-dr',
        'places spec.ruleNamespaceSelector.matchExpressions[0].values[0]: pay -> shop',
        'places spec.probeNamespaceSelector.matchNames[0]: shop -> shop-dr',
      ],
    ],
    [
      'the namespaces whose routes a Gateway allows',
      anObject('Gateway', 'x/edge', {
        apiVersion: 'gateway.networking.k8s.io/v1',
        spec: {
          listeners: [
            {
              allowedRoutes: {
                namespaces: {
                  from: 'Selector',
                  selector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop', team: 'shop' } },
                },
              },
            },
          ],
        },
      }),
      [
        'places spec.listeners[0].allowedRoutes.namespaces.selector.matchLabels["kubernetes.io/metadata.name"]: shop -> shop-dr',
      ],
    ],
    [
      'the labels by which Cilium knows the namespace of an endpoint',
      anObject('CiliumNetworkPolicy', 'shop/db', {
        apiVersion: 'cilium.io/v2',
        spec: {
          endpointSelector: { matchLabels: { app: 'shop' } },
          ingress: [
            { fromEndpoints: [{ matchLabels: { app: 'web', 'k8s:io.kubernetes.pod.namespace': 'shop' } }] },
            {
              fromEndpoints: [
                {
                  matchLabels: {
                    'io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': 'pay',
                    'k8s:io.cilium.k8s.namespace.labels.team': 'shop',
                  },
                  matchExpressions: [
                    { key: 'io.kubernetes.pod.namespace', operator: 'In', values: ['x', 'shop'] },
                  ],
                },
              ],
            },
          ],
        },
      }),
      [
        'places spec.ingress[0].fromEndpoints[0].matchLabels["k8s:io.kubernetes.pod.namespace"]: shop -> shop-dr',
        'places spec.ingress[1].fromEndpoints[0].matchLabels["io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name"]: pay -> shop',
        'places spec.ingress[1].fromEndpoints[0].matchExpressions[0].values[1]: shop -> shop-dr',
      ],
    ],
    [
      'the address of an ExternalName Service that is a Pod of another',
      anObject('Service', 'x/primary', {
        spec: { type: 'ExternalName', externalName: 'db-0.db.shop.svc.cluster.local' },
      }),
      ['places spec.externalName: db-0.db.shop.svc.cluster.local -> db-0.db.shop-dr.svc.cluster.local'],
    ],
    [
      'the address of an ExternalName Service',
      anObject('Service', 'x/alias', {
        spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' },
      }),
      ['places spec.externalName: web.shop.svc.cluster.local -> web.shop-dr.svc.cluster.local'],
    ],
    [
      'Secrets of a CSI driver',
      anObject('StorageClass', 'fast', {
        parameters: { 'csi.storage.k8s.io/provisioner-secret-namespace': 'shop', pool: 'shop' },
      }),
      ['places parameters["csi.storage.k8s.io/provisioner-secret-namespace"]: shop -> shop-dr'],
    ],
    [
      'annotations that hold a reference',
      anObject('Ingress', 'x/web', {
        metadata: {
          annotations: { 'nginx.ingress.kubernetes.io/auth-secret': 'shop/basic', note: 'shop/x' },
        },
      }),
      ['places metadata.annotations["nginx.ingress.kubernetes.io/auth-secret"]: shop/basic -> shop-dr/basic'],
    ],
  ])('in %s', (_, object, expected) => {
    expect(changes(object)).toEqual(expected);
  });

  it('in the owner of what belongs to the namespace', () => {
    const owner = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', uid: 'u' };
    const { object } = outcome(anObject('ClusterRole', 'reader', { metadata: { ownerReferences: [owner] } }));
    expect(object.metadata.ownerReferences).toEqual([{ ...owner, name: 'shop-dr' }]);
  });

  it('not in texts, labels, selectors and data', () => {
    const service = anObject('Service', 'x/web', { spec: { selector: { namespace: 'shop' } } });
    const config = anObject('ConfigMap', 'x/c', { data: { namespace: 'shop' } });
    const deployment = aWorkload('Deployment', 'x/web', {
      containers: [{ name: 'a', env: [{ name: 'namespace', value: 'shop' }], args: ['--namespace=shop'] }],
    });
    for (const object of [service, config, deployment]) expect(outcome(object).object).toBe(object);
  });
});

describe('a text that names a namespace is reported', () => {
  it('with the address in it, and not with what is around it', () => {
    const object = aWorkload('Deployment', 'x/web', {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'DB', value: 'postgres://app:hunter2@db.shop.svc.cluster.local:5432/app' },
            { name: 'QUEUE', value: 'mq.pay:5672' },
            { name: 'API', value: 'http://api.pay/v1' },
            { name: 'WEB', value: 'https://www.shop.example.com and www.shop and db.shop.svc-x' },
          ],
          args: ['--peers=a.shop.svc:1,b.shop.svc:1'],
        },
      ],
    });
    const container = 'spec.template.spec.containers[0]';
    expect(mentions(object)).toEqual([
      `${container}.env[0].value: db.shop.svc`,
      `${container}.env[1].value: mq.pay`,
      `${container}.env[2].value: api.pay`,
      `${container}.args[0]: a.shop.svc`,
      `${container}.args[0]: b.shop.svc`,
    ]);
  });

  it('in ConfigMaps and Secrets, of these without the host', () => {
    expect(mentions(anObject('ConfigMap', 'x/c', { data: { 'app.conf': 'host = db.shop.svc\n' } }))).toEqual([
      'data["app.conf"]: db.shop.svc',
    ]);
    const data = { url: Buffer.from('redis://:hunter2@cache.shop.svc:6379').toString('base64') };
    expect(mentions(anObject('Secret', 'x/s', { data }))).toEqual(['data.url: ….shop']);
  });

  it('in a field of a custom resource that is called like the address of an ExternalName Service, and not in that', () => {
    const spec = { externalName: 'db-0.db.shop.svc' };
    const custom = anObject('Endpoint', 'x/db', { apiVersion: 'db.example.com/v1', spec });
    expect(mentions(custom)).toEqual(['spec.externalName: db-0.db.shop.svc']);
    // It is in `shop` now, which was `pay`.
    const renamed = anObject('Service', 'x/db', { spec: { externalName: 'db-0.db.pay.svc' } });
    expect(mentions(renamed)).toEqual([]);
  });

  it('quickly, in a long text of nothing else', () => {
    const object = anObject('ConfigMap', 'x/c', {
      data: { a: 'a.'.repeat(500_000), b: `://${'a-'.repeat(400_000)}` },
    });
    expect(mentions(object)).toEqual([]);
  }, 5000);
});
