import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../api/fields.ts';
import { type KubeObject, objectKey } from '../../api/object.ts';
import {
  type TransformSpec,
  transforms as transformsSchema,
} from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { compileTransforms } from './compile.ts';
import { renamedKey } from './namespaces.ts';
import type { Transformed } from './transform-object.ts';
import { transformObjects } from './transform-objects.ts';

type Wish = Omit<TransformSpec, 'name'> & { readonly name?: string };

function compiled(wishes: readonly Wish[], namespaces: readonly string[] = ['shop']) {
  const specs = transformsSchema.parse(wishes.map((wish, index) => ({ name: `t${index}`, ...wish })));
  const result = compileTransforms(specs, namespaces);
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems));
  return result.transforms;
}

function transform(object: KubeObject, ...wishes: readonly Wish[]): Transformed {
  const outcome = transformObjects([object], compiled(wishes)).outcomes.get(objectKey(object));
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

/** The changes, as `field: from -> to`. */
function changes(object: KubeObject, ...wishes: readonly Wish[]): readonly string[] {
  const outcome = transform(object, ...wishes);
  return outcome.kind === 'transformed'
    ? outcome.changes.map(({ field, from, to }) => `${field}: ${from} -> ${to}`)
    : [outcome.kind === 'failed' ? outcome.reason : `replaced by ${outcome.by}`];
}

function objectAfter(object: KubeObject, ...wishes: readonly Wish[]): KubeObject {
  const outcome = transform(object, ...wishes);
  if (outcome.kind !== 'transformed') throw new Error(JSON.stringify(outcome));
  return outcome.object;
}

const one = (from: string, to: string) => [{ from, to }];

describe('storage classes', () => {
  const storageClasses = one('fast', 'premium');

  it.each([
    [
      'a claim',
      anObject('PersistentVolumeClaim', 'shop/data', { spec: { storageClassName: 'fast' } }),
      'spec.storageClassName',
    ],
    [
      'a claim template',
      anObject('StatefulSet', 'shop/db', {
        spec: { volumeClaimTemplates: [{ spec: { storageClassName: 'fast' } }] },
      }),
      'spec.volumeClaimTemplates[0].spec.storageClassName',
    ],
    [
      'a volume made for one Pod',
      aWorkload('Deployment', 'shop/web', {
        volumes: [{ name: 'a', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'fast' } } } }],
      }),
      'spec.template.spec.volumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName',
    ],
    [
      'a volume',
      anObject('PersistentVolume', 'pv-1', { spec: { storageClassName: 'fast' } }),
      'spec.storageClassName',
    ],
    [
      'a custom resource',
      anObject('Cluster', 'shop/pg', {
        apiVersion: 'postgresql.cnpg.io/v1',
        spec: { storage: { storageClass: 'fast' } },
      }),
      'spec.storage.storageClass',
    ],
    [
      'the old annotation',
      anObject('PersistentVolumeClaim', 'shop/data', {
        metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast' } },
      }),
      'metadata.annotations["volume.beta.kubernetes.io/storage-class"]',
    ],
  ])('are changed in %s', (_, object, field) => {
    expect(changes(object, { storageClasses })).toEqual([`${field}: fast -> premium`]);
  });

  it('does not restore the class itself, which the recovery region has another of', () => {
    expect(transform(anObject('StorageClass', 'fast'), { storageClasses })).toEqual({
      kind: 'replaced',
      transform: 't0',
      by: 'premium',
    });
    expect(changes(anObject('StorageClass', 'slow'), { storageClasses })).toEqual([]);
  });

  it('leaves texts of the user alone', () => {
    const config = anObject('ConfigMap', 'shop/settings', { data: { storageClassName: 'fast' } });
    const labelled = aWorkload('Deployment', 'shop/web', {}, { labels: { storageClassName: 'fast' } });
    expect(changes(config, { storageClasses })).toEqual([]);
    expect(changes(labelled, { storageClasses })).toEqual([]);
  });

  it('goes on from what an earlier transform made', () => {
    const claim = anObject('PersistentVolumeClaim', 'shop/data', { spec: { storageClassName: 'fast' } });
    const chain = [{ storageClasses }, { storageClasses: one('premium', 'gold') }];
    expect(at(objectAfter(claim, ...chain), 'spec', 'storageClassName')).toBe('gold');
    expect(at(objectAfter(claim, ...chain.toReversed()), 'spec', 'storageClassName')).toBe('premium');
  });
});

describe('ingress classes', () => {
  const ingressClasses = one('alb', 'nginx');

  it('are changed in Ingresses and Gateways', () => {
    const ingress = anObject('Ingress', 'shop/web', { spec: { ingressClassName: 'alb' } });
    const old = anObject('Ingress', 'shop/web', {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'alb' } },
    });
    const gateway = anObject('Gateway', 'shop/web', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      spec: { gatewayClassName: 'alb' },
    });
    const issuer = anObject('Issuer', 'shop/acme', {
      apiVersion: 'cert-manager.io/v1',
      spec: { acme: { solvers: [{ http01: { ingress: { class: 'alb' } } }] } },
    });
    expect(changes(ingress, { ingressClasses })).toEqual(['spec.ingressClassName: alb -> nginx']);
    expect(changes(old, { ingressClasses })).toEqual([
      'metadata.annotations["kubernetes.io/ingress.class"]: alb -> nginx',
    ]);
    expect(changes(gateway, { ingressClasses })).toEqual(['spec.gatewayClassName: alb -> nginx']);
    expect(changes(issuer, { ingressClasses })).toEqual([
      'spec.acme.solvers[0].http01.ingress.class: alb -> nginx',
    ]);
  });
});

describe('images', () => {
  const images = [
    { from: 'registry.west.example', to: 'registry.north.example' },
    { from: 'registry.west.example/shop', to: 'mirror.example/shop-dr' },
    { from: 'docker.io', to: 'mirror.example/hub' },
  ];
  const imageAfter = (image: string) => {
    const changed = changes(anObject('Pod', 'shop/a', { spec: { containers: [{ image }] } }), { images });
    return changed[0]?.replace(/^.* -> /, '') ?? image;
  };

  it.each([
    ['registry.west.example/tools/a:1', 'registry.north.example/tools/a:1'],
    ['registry.west.example/shop/web:2', 'mirror.example/shop-dr/web:2'],
    ['registry.west.example/shop:2', 'mirror.example/shop-dr:2'],
    ['registry.west.example/shop@sha256:0a', 'mirror.example/shop-dr@sha256:0a'],
    ['registry.west.example/shopping/web', 'registry.north.example/shopping/web'],
    ['registry.west.example:5000/shop/web', 'registry.west.example:5000/shop/web'],
    ['registry.west.example.org/shop', 'registry.west.example.org/shop'],
    ['nginx:1.27', 'mirror.example/hub/library/nginx:1.27'],
    ['grafana/grafana', 'mirror.example/hub/grafana/grafana'],
    ['localhost/a', 'localhost/a'],
    ['library/nginx:1.27', 'mirror.example/hub/library/nginx:1.27'],
    ['docker.io/nginx:1.27', 'mirror.example/hub/library/nginx:1.27'],
    ['docker.io/library/nginx@sha256:0a', 'mirror.example/hub/library/nginx@sha256:0a'],
    ['docker.io/grafana/grafana', 'mirror.example/hub/grafana/grafana'],
    ['index.docker.io/library/nginx:1', 'mirror.example/hub/library/nginx:1'],
    ['index.docker.io/nginx', 'mirror.example/hub/library/nginx'],
    ['registry.docker.io/nginx', 'registry.docker.io/nginx'],
    ['', ''],
  ])('%s becomes %s', (before, after) => {
    expect(imageAfter(before)).toBe(after);
  });

  it.each([
    [
      'nginx',
      'x.example/nginx',
      ['nginx:1', 'library/nginx:1', 'docker.io/nginx:1', 'index.docker.io/nginx:1'],
    ],
    ['docker.io/nginx', 'x.example/nginx', ['nginx:1', 'docker.io/library/nginx:1']],
    ['index.docker.io/library/nginx', 'x.example/nginx', ['nginx:1', 'docker.io/nginx:1']],
  ])('of Docker Hub are known by all of their names: %s', (from, to, names) => {
    const wish = { images: [...one('docker.io', 'mirror.example/hub'), { from, to }] };
    for (const image of names) {
      const pod = anObject('Pod', 'shop/a', { spec: { containers: [{ image }] } });
      expect(changes(pod, wish)).toEqual([`spec.containers[0].image: ${image} -> x.example/nginx:1`]);
    }
  });

  it('of a user of Docker Hub are known by the name of that user', () => {
    const wish = { images: one('grafana', 'x.example/graphs') };
    const pod = anObject('Pod', 'shop/a', { spec: { containers: [{ image: 'docker.io/grafana/loki:3' }] } });
    expect(changes(pod, wish)).toEqual([
      'spec.containers[0].image: docker.io/grafana/loki:3 -> x.example/graphs/loki:3',
    ]);
  });

  it('are changed in containers of all sorts and kinds', () => {
    const image = 'registry.west.example/a';
    const template = {
      spec: {
        initContainers: [{ image }],
        containers: [{ image }],
        ephemeralContainers: [{ image }],
        volumes: [{ name: 'v', image: { reference: image } }],
      },
    };
    const fields = (object: KubeObject) =>
      changes(object, { images }).map((change) => change.slice(0, change.indexOf(':')));
    expect(
      fields(anObject('CronJob', 'shop/nightly', { spec: { jobTemplate: { spec: { template } } } })),
    ).toEqual([
      'spec.jobTemplate.spec.template.spec.initContainers[0].image',
      'spec.jobTemplate.spec.template.spec.containers[0].image',
      'spec.jobTemplate.spec.template.spec.ephemeralContainers[0].image',
      'spec.jobTemplate.spec.template.spec.volumes[0].image.reference',
    ]);
    expect(fields(anObject('Pod', 'shop/alone', { spec: { containers: [{ image }] } }))).toEqual([
      'spec.containers[0].image',
    ]);
    const custom = anObject('Rollout', 'shop/web', {
      apiVersion: 'argoproj.io/v1alpha1',
      spec: { imageName: image, workers: [{ template }] },
    });
    expect(fields(custom)).toHaveLength(5);
  });
});

describe('node labels', () => {
  const zone = 'topology.kubernetes.io/zone';
  const nodeLabels = [
    { key: zone, from: 'west-a', to: 'north-1' },
    { key: zone, from: 'west-b', to: 'north-2' },
    { key: 'pool', from: 'fast', to: 'nvme' },
  ];

  it('are changed in selectors and affinities', () => {
    const term = {
      matchExpressions: [{ key: zone, operator: 'In', values: ['west-a', 'west-b', 'west-c'] }],
    };
    const object = aWorkload('Deployment', 'shop/web', {
      nodeSelector: { pool: 'fast', other: 'fast' },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }],
        },
      },
    });
    const affinity = 'spec.template.spec.affinity.nodeAffinity';
    const required = `${affinity}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]`;
    const preferred = `${affinity}.preferredDuringSchedulingIgnoredDuringExecution[0].preference`;
    expect(changes(object, { nodeLabels })).toEqual([
      'spec.template.spec.nodeSelector.pool: fast -> nvme',
      `${required}.matchExpressions[0].values[0]: west-a -> north-1`,
      `${required}.matchExpressions[0].values[1]: west-b -> north-2`,
      `${preferred}.matchExpressions[0].values[0]: west-a -> north-1`,
      `${preferred}.matchExpressions[0].values[1]: west-b -> north-2`,
    ]);
  });

  it('are changed in volumes and in the places that a StorageClass allows', () => {
    const expressions = [{ key: zone, operator: 'In', values: ['west-a'] }];
    const volume = anObject('PersistentVolume', 'pv-1', {
      metadata: { labels: { [zone]: 'west-a', app: 'west-a' } },
      spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: expressions }] } } },
    });
    const storage = anObject('StorageClass', 'fast', {
      allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['west-b'] }] }],
    });
    expect(changes(volume, { nodeLabels })).toEqual([
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]: west-a -> north-1',
      `metadata.labels["${zone}"]: west-a -> north-1`,
    ]);
    expect(changes(storage, { nodeLabels })).toEqual([
      'allowedTopologies[0].matchLabelExpressions[0].values[0]: west-b -> north-2',
    ]);
  });
});

describe('patches', () => {
  const ingress = anObject('Ingress', 'shop/web', {
    spec: { rules: [{ host: 'shop.west.example' }], ingressClassName: 'alb' },
  });
  const patch = (op: 'add' | 'replace' | 'remove' | 'test', path: string, value?: string) => ({
    match: "object.kind == 'Ingress'",
    patch: [value === undefined ? { op, path } : { op, path, value }],
  });

  it('change objects that match, and say what', () => {
    const wish = patch('replace', '/spec/rules/0/host', '"shop.north.example"');
    expect(changes(ingress, wish)).toEqual(['spec.rules[0].host: shop.west.example -> shop.north.example']);
    expect(changes(anObject('Service', 'shop/web'), wish)).toEqual([]);
  });

  it('fail an object that they do not fit, naming the operation', () => {
    expect(transform(ingress, patch('remove', '/spec/tls'))).toEqual({
      kind: 'failed',
      transform: 't0',
      reason: 'remove /spec/tls finds no value at its path',
    });
    expect(transform(ingress, patch('test', '/spec/ingressClassName', '"nginx"'))).toMatchObject({
      kind: 'failed',
      reason: 'test /spec/ingressClassName finds another value',
    });
  });

  it('cannot make another object of it', () => {
    expect(changes(ingress, patch('replace', '/apiVersion', '"example.com/v1"'))).toEqual([
      expect.stringContaining('makes another object of it'),
    ]);
    expect(objectAfter(ingress, patch('replace', '/apiVersion', '"networking.k8s.io/v2"')).apiVersion).toBe(
      'networking.k8s.io/v2',
    );
    expect(changes(ingress, patch('add', '/metadata/labels', '{"a": 1}'))).toEqual([
      expect.stringContaining('leaves something that is no object'),
    ]);
  });

  it('neither show nor tell the content of a Secret', () => {
    const secret = anObject('Secret', 'shop/db', { data: { password: 'aHVudGVyMg==' } });
    const match = 'true';
    const replace = { op: 'replace', path: '/data/password', value: '"bmV3"' } as const;
    const guess = { op: 'test', path: '/data/password', value: '"aHVudGVyMg=="' } as const;
    expect(changes(secret, { match, patch: [replace] })).toEqual(['data.password: (none) -> (hidden)']);
    expect(transform(secret, { match, patch: [guess] }).kind).toBe('failed');
    expect(changes(secret, { match: 'has(object.data)', patch: [replace] })).toEqual([]);
  });

  it('give a Secret a text as the API server keeps it, in its data, and leave to that what is none', () => {
    const secret = anObject('Secret', 'shop/db', { data: { host: 'YQ==', password: 'YQ==' } });
    const after = (stringData: string) =>
      objectAfter(secret, { match: 'true', patch: [{ op: 'add', path: '/stringData', value: stringData }] });
    expect(after('{"password":"b","user":""}')).toEqual({
      ...secret,
      data: { host: 'YQ==', password: 'Yg==', user: '' },
    });
    expect(after('{"password":1}')).toMatchObject({ data: secret['data'], stringData: { password: 1 } });
  });

  it('match objects as they are in the source, whatever comes before', () => {
    const match = "object.metadata.namespace == 'shop' && object.spec.ingressClassName == 'alb'";
    const wishes: readonly Wish[] = [
      { ingressClasses: one('alb', 'nginx'), namespaces: one('shop', 'shop-dr') },
      { match, patch: [{ op: 'add', path: '/spec/tls', value: '[]' }] },
    ];
    expect(changes(ingress, ...wishes)).toContain('spec.tls: (none) -> []');
  });

  it('say that a match has no result for any object', () => {
    const result = transformObjects(
      [ingress],
      compiled([{ ...patch('remove', '/spec/tls'), match: 'object.spec.clas == 1' }]),
    );
    expect(result.warnings).toEqual(['transform t0: its match has a result for no object: there is no clas']);
  });

  it('fail all objects when a match takes too long, whichever comes first', () => {
    const items = Array.from({ length: 400 }, (_, index) => `${index}`);
    const objects = Array.from({ length: 40 }, (_, index) =>
      anObject('ConfigMap', `shop/c${index}`, { data: {}, items }),
    );
    const match = 'object.items.all(a, object.items.exists(b, b == a))';
    const { outcomes } = transformObjects(objects, compiled([{ match, images: one('a', 'b') }]));
    expect(outcomes.size).toBe(40);
    for (const outcome of outcomes.values())
      expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('make it simpler') });
  });
});

describe('laws', () => {
  const name = fc.constantFrom('shop', 'pay', 'mail', 'obs');
  const label = fc.constantFrom('a', 'b', 'c');
  const anyObject = fc
    .record({
      namespace: name,
      name: label,
      other: name,
      kind: fc.constantFrom('Deployment', 'ConfigMap', 'RoleBinding', 'Namespace'),
    })
    .map(({ namespace, name: own, other, kind }) =>
      kind === 'Namespace'
        ? anObject(kind, namespace)
        : anObject(kind, `${namespace}/${own}`, {
            spec: {
              ref: { namespace: other, name: own },
              template: { spec: { containers: [{ image: `${own}/${other}` }] } },
            },
            subjects: [{ kind: 'ServiceAccount', name: own, namespace: other }],
          }),
    );
  const objects = fc.uniqueArray(anyObject, { selector: (object) => objectKey(object), maxLength: 12 });
  const all = ['shop', 'pay', 'mail', 'obs'];

  it('a transform of each name to itself changes nothing', () => {
    const same: Wish = {
      namespaces: all.map((from) => ({ from, to: from })),
      images: [{ from: 'a', to: 'a' }],
      storageClasses: one('fast', 'fast'),
      ingressClasses: one('x', 'x'),
      nodeLabels: [{ key: 'k', from: 'a', to: 'a' }],
    };
    fc.assert(
      fc.property(objects, (given) => {
        const { outcomes } = transformObjects(given, compiled([same], all));
        for (const object of given) {
          const outcome = outcomes.get(objectKey(object));
          expect(outcome).toMatchObject({ kind: 'transformed', changes: [] });
          expect(outcome?.kind === 'transformed' && outcome.object === object).toBe(true);
        }
      }),
    );
  });

  it('a renaming of namespaces keeps objects apart, and its reverse undoes it', () => {
    const targets = fc.shuffledSubarray(['n1', 'n2', 'n3', 'n4', ...all], { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(objects, targets, (given, to) => {
        const pairs = all.map((from, index) => ({ from, to: to[index] ?? from }));
        const there = compiled([{ namespaces: pairs }], all);
        const back = compiled([{ namespaces: pairs.map((pair) => ({ from: pair.to, to: pair.from })) }], to);
        const moved = [...transformObjects(given, there).outcomes.values()].map((outcome) => {
          if (outcome.kind !== 'transformed') throw new Error(JSON.stringify(outcome));
          return outcome.object;
        });
        expect(new Set(moved.map((object) => objectKey(object))).size).toBe(given.length);
        expect(moved.map((object) => objectKey(object))).toEqual(
          given.map((object) => renamedKey(objectKey(object), there.namespaces.to)),
        );
        const returned = [...transformObjects(moved, back).outcomes.values()];
        expect(returned.map((outcome) => outcome.kind === 'transformed' && outcome.object)).toEqual(given);
      }),
    );
  });

  it('the order of objects means nothing', () => {
    const wishes: readonly Wish[] = [
      { namespaces: [{ from: 'shop', to: 'pay-dr' }], images: one('a', 'mirror.example') },
      { match: "object.metadata.name == 'a'", patch: [{ op: 'test', path: '/spec/ref/name', value: '"a"' }] },
    ];
    const twice = objects.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    );
    fc.assert(
      fc.property(twice, ([given, mixed]) => {
        const [first, second] = [given, mixed].map(
          (list) => transformObjects(list, compiled(wishes, all)).outcomes,
        );
        for (const [key, outcome] of first ?? []) expect(second?.get(key)).toEqual(outcome);
      }),
    );
  });
});

it('fails both of two objects that would be one', () => {
  const objects = [
    anObject('ConfigMap', 'shop/a'),
    anObject('ConfigMap', 'other/a'),
    anObject('ConfigMap', 'other/b'),
  ];
  const { outcomes } = transformObjects(objects, compiled([{ namespaces: one('other', 'shop') }], ['other']));
  expect(outcomes.get('ConfigMap/shop/a')).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('ConfigMap/other/a'),
  });
  expect(outcomes.get('ConfigMap/other/a')).toMatchObject({ kind: 'failed', transform: 't0' });
  expect(outcomes.get('ConfigMap/other/b')).toMatchObject({ kind: 'transformed' });
});
