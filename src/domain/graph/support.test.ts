import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey, refKey } from '../../api/object.ts';
import { anObject, aWorkload, controlledBy } from '../../testing/objects.ts';
import { servingOf } from './serving.ts';
import { beyondReach, nextReferences, type SupportOptions } from './support.ts';

const options: SupportOptions = {
  infer: true,
  lookup: (_, kind) => (kind === 'Promotion' ? { resource: 'promotions', namespaced: true } : undefined),
  excluded: () => false,
};
const nothing: ReadonlySet<string> = new Set();
const keysOf = (objects: readonly KubeObject[]) => objects.map((object) => objectKey(object)).toSorted();
const sought = (known: readonly KubeObject[], asked = nothing, changed: Partial<SupportOptions> = {}) =>
  nextReferences(known, asked, { ...options, ...changed }).map(({ to }) => refKey(to));

const certificateOf = (at: string, secretName: string) =>
  anObject('Certificate', `shop/${at}`, { apiVersion: 'cert-manager.io/v1', spec: { secretName } });
const isSecret = ({ kind }: { readonly kind: string }) => kind === 'Secret';

/** What the capture does: look, add what is there and what serves it, ask again. */
function close(start: readonly KubeObject[], all: readonly KubeObject[]): readonly KubeObject[] {
  const known = new Map(start.map((object) => [objectKey(object), object]));
  const byKey = new Map(all.map((object) => [objectKey(object), object]));
  const asked = new Set<string>();
  for (;;) {
    const objects = [...known.values()];
    const next = nextReferences(objects, asked, options).map(({ to }) => refKey(to));
    const served = servingOf(objects, all, options.excluded).map(({ object }) => objectKey(object));
    if (next.length + served.length === 0) return objects;
    for (const key of [...next, ...served]) {
      asked.add(key);
      const found = byKey.get(key);
      if (found !== undefined) known.set(key, found);
    }
  }
}

const web = aWorkload('Deployment', 'shop/web', {
  serviceAccountName: 'web',
  priorityClassName: 'important',
  containers: [
    { envFrom: [{ secretRef: { name: 'pw' } }, { configMapRef: { name: 'gone', optional: true } }] },
  ],
});
const account = anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] });
const source = [
  web,
  account,
  anObject('Namespace', 'shop'),
  anObject('PriorityClass', 'important'),
  anObject('Secret', 'shop/pw'),
  anObject('Secret', 'shop/registry'),
  anObject('Secret', 'shop/unrelated'),
];

describe('nextReferences', () => {
  it('finds the whole support of one object, step by step', () => {
    const closed = close([web], source);

    expect(keysOf(closed)).toEqual([
      'Deployment.apps/shop/web',
      'Namespace/shop',
      'PriorityClass.scheduling.k8s.io/important',
      'Secret/shop/pw',
      'Secret/shop/registry',
      'ServiceAccount/shop/web',
    ]);
  });

  it('names each object once, and none that was asked for, left out or excluded', () => {
    const twice = [web, { ...web, metadata: { ...web.metadata, name: 'web2' } }];

    expect(sought(twice)).toEqual([
      'ConfigMap/shop/gone',
      'Namespace/shop',
      'PriorityClass.scheduling.k8s.io/important',
      'Secret/shop/pw',
      'ServiceAccount/shop/web',
    ]);
    const asked = new Set(['ConfigMap/shop/gone', 'Namespace/shop', 'ServiceAccount/shop/web']);
    expect(sought(twice, asked, { excluded: isSecret })).toEqual([
      'PriorityClass.scheduling.k8s.io/important',
    ]);
  });

  it.each<{ what: string; object: KubeObject }>([
    {
      what: 'roles of Kubernetes',
      object: anObject('ClusterRoleBinding', 'b', { roleRef: { kind: 'ClusterRole', name: 'view' } }),
    },
    {
      what: 'roles of its parts',
      object: anObject('ClusterRoleBinding', 'b', { roleRef: { kind: 'ClusterRole', name: 'system:node' } }),
    },
    { what: 'namespaces of every cluster', object: anObject('ConfigMap', 'default/c') },
    {
      what: 'priorities of the system',
      object: aWorkload('DaemonSet', 'default/agent', {
        priorityClassName: 'system-node-critical',
        serviceAccountName: '',
      }),
    },
    {
      what: 'grantees in namespaces that are not protected',
      object: anObject('ClusterRoleBinding', 'b', {
        subjects: [{ kind: 'ServiceAccount', namespace: 'monitoring', name: 'prometheus' }],
      }),
    },
  ])('does not follow $what', ({ object }) => {
    expect(sought([object], new Set(['ServiceAccount/default/default']))).toEqual([]);
  });

  it('follows a Service that is called by name only into protected namespaces, and tells of the others', () => {
    const caller = aWorkload('Deployment', 'shop/web', {
      containers: [
        {
          env: [
            { name: 'DB_HOST', value: 'db' },
            { name: 'METRICS_URL', value: 'http://prometheus.monitoring.svc:9090' },
          ],
        },
      ],
    });

    expect(sought([caller])).toContain('Service/shop/db');
    expect(sought([caller])).not.toContain('Service/monitoring/prometheus');
    const beyond = beyondReach([caller], nothing, options).map(({ to }) => refKey(to));
    expect(beyond).toEqual(['Service/monitoring/prometheus']);
    expect(sought([caller, anObject('ConfigMap', 'monitoring/c')])).toContain(
      'Service/monitoring/prometheus',
    );
  });

  it('asks for something that one can do without and another cannot as what is needed', () => {
    const optional = aWorkload('Deployment', 'shop/a', {
      containers: [{ envFrom: [{ secretRef: { name: 'pw', optional: true } }] }],
    });
    const needed = aWorkload('Deployment', 'shop/b', {
      containers: [{ envFrom: [{ secretRef: { name: 'pw' } }] }],
    });

    const found = nextReferences([optional, needed], nothing, options).filter(({ to }) => to.name === 'pw');

    expect(found.map((reference) => reference.optional)).toEqual([false]);
  });

  it('looks for what one of the objects makes, and does not miss it', () => {
    const certificate = certificateOf('tls', 'tls');
    const secured = aWorkload('Deployment', 'shop/web', {
      volumes: [{ name: 'c', secret: { secretName: 'tls' } }],
    });
    const secret = anObject('Secret', 'shop/tls', { metadata: controlledBy(certificate) });

    expect(keysOf(close([secured, certificate], [secret]))).toContain('Secret/shop/tls');
    expect(keysOf(close([certificate], [secret]))).toContain('Secret/shop/tls');
    const looked = nextReferences([secured, certificate], nothing, options);
    expect(looked.filter(({ to }) => isSecret(to)).map(({ optional }) => optional)).toEqual([true]);
  });

  it('follows a grantee in a protected namespace', () => {
    const binding = anObject('RoleBinding', 'shop/b', {
      subjects: [{ kind: 'ServiceAccount', name: 'web' }],
    });

    expect(sought([binding])).toContain('ServiceAccount/shop/web');
  });

  it('names the definition of a custom kind by the plural that the cluster serves', () => {
    const promotion = anObject('Promotion', 'shop/spring', { apiVersion: 'shop.example/v1' });

    expect(sought([promotion], nothing, { infer: false })).toEqual([
      'CustomResourceDefinition.apiextensions.k8s.io/promotions.shop.example',
      'Namespace/shop',
    ]);
  });
});

/** A source in which everything refers to, makes and serves everything else at random. */
const name = fc.constantFrom('a', 'b');
const RBAC = 'rbac.authorization.k8s.io/v1';
const some = {
  account: fc
    .record({ at: name, secrets: fc.array(name, { maxLength: 2 }) })
    .map(({ at, secrets }) =>
      anObject('ServiceAccount', `shop/${at}`, { secrets: secrets.map((secret) => ({ name: secret })) }),
    ),
  secret: fc
    .record({ at: name, owner: fc.option(name) })
    .map(({ at, owner }) =>
      anObject(
        'Secret',
        `shop/${at}`,
        owner === null ? {} : { metadata: controlledBy(certificateOf(owner, at)) },
      ),
    ),
  certificate: fc.record({ at: name, of: name }).map(({ at, of }) => certificateOf(at, of)),
  workload: fc
    .record({ at: name, account: name, secret: name })
    .map(({ at, account: serviceAccountName, secret: secretName }) =>
      aWorkload('Deployment', `shop/${at}`, {
        serviceAccountName,
        volumes: [{ name: 'v', secret: { secretName } }],
      }),
    ),
  service: fc
    .record({ at: name, of: name })
    .map(({ at, of }) => anObject('Service', `shop/${at}`, { spec: { selector: { app: of } } })),
  autoscaler: fc.record({ at: name, of: name }).map(({ at, of }) =>
    anObject('HorizontalPodAutoscaler', `shop/${at}`, {
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: of } },
    }),
  ),
  budget: fc
    .record({ at: name, of: name })
    .map(({ at, of }) =>
      anObject('PodDisruptionBudget', `shop/${at}`, { spec: { selector: { matchLabels: { app: of } } } }),
    ),
  ingress: fc.record({ at: name, of: name, tls: name }).map(({ at, of, tls }) =>
    anObject('Ingress', `shop/${at}`, {
      spec: { defaultBackend: { service: { name: of } }, tls: [{ secretName: tls }] },
    }),
  ),
  binding: fc.record({ at: name, role: name, of: name }).map(({ at, role, of }) =>
    anObject('ClusterRoleBinding', at, {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: of }],
    }),
  ),
  role: fc.record({ at: name, of: fc.option(name) }).map(({ at, of }) =>
    anObject('ClusterRole', at, {
      metadata: { labels: { part: at } },
      ...(of === null ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: of } }] } }),
    }),
  ),
  webhook: fc.record({ at: name, of: fc.array(name, { maxLength: 2 }) }).map(({ at, of }) =>
    anObject('ValidatingWebhookConfiguration', at, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      webhooks: of.map((service) => ({ clientConfig: { service: { namespace: 'shop', name: service } } })),
    }),
  ),
};
const someSource = fc
  .array(fc.oneof(...Object.values(some)), { minLength: 4, maxLength: 16 })
  .map((objects) => [...new Map(objects.map((object) => [objectKey(object), object])).values()]);
/** A source, and two small parts of it. */
const someParts = someSource.chain((all) => {
  const part = fc.subarray(all, { maxLength: Math.min(3, all.length) });
  return fc.tuple(fc.constant(all), part, part);
});

describe('closure', () => {
  it('is idempotent and monotone, and keeps what it starts from', () => {
    fc.assert(
      fc.property(someParts, ([all, small, more]) => {
        const closed = close(small, all);

        expect(keysOf(close(closed, all))).toEqual(keysOf(closed));
        expect(keysOf(closed)).toEqual(expect.arrayContaining(keysOf(small)));
        expect(keysOf(close([...small, ...more], all))).toEqual(expect.arrayContaining(keysOf(closed)));
      }),
      { numRuns: 400 },
    );
  });
});

const granting = (named: string, subject: object) =>
  anObject('ClusterRoleBinding', named, { subjects: [subject] });

const serving = (...question: Parameters<typeof servingOf>) =>
  servingOf(...question).map(({ object }) => object);

describe('bindings that serve', () => {
  const toWeb = { kind: 'ServiceAccount', namespace: 'shop', name: 'web' };

  it.each<{ what: string; known: KubeObject; binding: KubeObject; found: boolean }>([
    { what: 'a known account', known: account, binding: granting('b', toWeb), found: true },
    { what: 'the account that a workload runs as', known: web, binding: granting('b', toWeb), found: true },
    {
      what: 'the default account',
      known: aWorkload('Job', 'shop/j'),
      binding: granting('b', { ...toWeb, name: 'default' }),
      found: true,
    },
    {
      what: 'all accounts of the namespace',
      known: account,
      binding: granting('b', { kind: 'Group', name: 'system:serviceaccounts:shop' }),
      found: true,
    },
    {
      what: 'all accounts there are',
      known: account,
      binding: granting('b', { kind: 'Group', name: 'system:serviceaccounts' }),
      found: false,
    },
    { what: 'a person', known: account, binding: granting('b', { kind: 'User', name: 'web' }), found: false },
    {
      what: 'an account of another namespace',
      known: account,
      binding: granting('b', { ...toWeb, namespace: 'other' }),
      found: false,
    },
    {
      what: 'a known account, but it is of Kubernetes itself',
      known: account,
      binding: granting('system:b', toWeb),
      found: false,
    },
  ])('a binding that grants to $what: $found', ({ known, binding, found }) => {
    expect(serving([known], [binding], () => false)).toEqual(found ? [binding] : []);
    expect(serving([known], [binding], () => true)).toEqual([]);
  });
});
