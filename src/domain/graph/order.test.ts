import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, refKey, refOf } from '../../api/object.ts';
import { anObject, aWorkload, ownedBy } from '../../testing/objects.ts';
import type { ExplicitEdge } from './explicit-edges.ts';
import { OWNER_RULE } from './infer/structure.ts';
import { buildGraph, startable } from './order.ts';
import { references } from './references.ts';
import { compareEdges } from './sorting.ts';
import type { Graph } from './types.ts';

const keyOf = (object: KubeObject) => refKey(refOf(object));
const secret = (name: string) => anObject('Secret', `shop/${name}`);
const config = (name: string) => anObject('ConfigMap', `shop/${name}`);
const using = (...names: string[]) => ({
  containers: [{ envFrom: names.map((name) => ({ secretRef: { name } })) }],
});
const mounting = (...names: string[]) => ({ volumes: names.map((name) => ({ name, configMap: { name } })) });
const service = (name: string, app = name) =>
  anObject('Service', `shop/${name}`, { spec: { selector: { app } } });
const ingress = (name: string, ...services: string[]) =>
  anObject('Ingress', `shop/${name}`, {
    spec: { rules: [{ http: { paths: services.map((to) => ({ backend: { service: { name: to } } })) } }] },
  });
const autoscaler = (name: string, target = name) =>
  anObject('HorizontalPodAutoscaler', `shop/${name}`, {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
  });
const budget = (name: string, app = name) =>
  anObject('PodDisruptionBudget', `shop/${name}`, { spec: { selector: { matchLabels: { app } } } });

function graph(objects: readonly KubeObject[], explicit: readonly ExplicitEdge[] = [], infer = true): Graph {
  const result = buildGraph(objects, explicit, infer, []);
  if (result.kind !== 'graph') throw new Error(JSON.stringify(result));
  return result.graph;
}

const unitsOf = (objects: readonly KubeObject[], explicit: readonly ExplicitEdge[] = [], infer = true) =>
  Object.fromEntries(graph(objects, explicit, infer).units.map((unit) => [unit.id, unit.objects]));

const WEB = 'Deployment.apps/shop/web';
const API = 'Deployment.apps/shop/api';
const DB = 'StatefulSet.apps/shop/db';
const web = (pod = {}) => aWorkload('Deployment', 'shop/web', pod);
const api = (pod = {}) => aWorkload('Deployment', 'shop/api', pod);

describe('units', () => {
  it('hold a workload with what only it needs and what serves it alone, in the order of application', () => {
    const shop = [
      ingress('front', 'web'),
      autoscaler('web'),
      budget('web'),
      service('web'),
      web({ ...using('pw'), ...mounting('cfg'), serviceAccountName: 'web' }),
      config('cfg'),
      secret('pw'),
      secret('registry'),
      anObject('ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] }),
      anObject('Role', 'shop/web'),
      anObject('RoleBinding', 'shop/web', {
        roleRef: { kind: 'Role', name: 'web' },
        subjects: [{ kind: 'ServiceAccount', name: 'web' }],
      }),
      anObject('Namespace', 'shop'),
    ];

    expect(unitsOf(shop)).toEqual({
      'Namespace/shop': ['Namespace/shop'],
      [WEB]: [
        'Secret/shop/registry',
        'ServiceAccount/shop/web',
        'Secret/shop/pw',
        'ConfigMap/shop/cfg',
        'Role.rbac.authorization.k8s.io/shop/web',
        'RoleBinding.rbac.authorization.k8s.io/shop/web',
        'Service/shop/web',
        WEB,
        'HorizontalPodAutoscaler.autoscaling/shop/web',
        'PodDisruptionBudget.policy/shop/web',
        'Ingress.networking.k8s.io/shop/front',
      ],
    });
  });

  it('hold the claims and the governing Service of a StatefulSet', () => {
    const db = aWorkload(
      'StatefulSet',
      'shop/db',
      {},
      {
        serviceName: 'db',
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    );
    const claim = anObject('PersistentVolumeClaim', 'shop/data-db-0', { spec: { storageClassName: 'fast' } });

    expect(unitsOf([db, claim, service('db'), anObject('StorageClass', 'fast')])).toEqual({
      'StorageClass.storage.k8s.io/fast': ['StorageClass.storage.k8s.io/fast'],
      [DB]: ['PersistentVolumeClaim/shop/data-db-0', 'Service/shop/db', DB],
    });
  });

  it('do not hold what is shared, and wait for it', () => {
    const shop = [web(using('pw')), api(using('pw')), secret('pw')];

    const { units, edges } = graph(shop);

    expect(units.map(({ id }) => id)).toEqual(['Secret/shop/pw', API, WEB]);
    expect(edges).toEqual(
      [API, WEB].map((from) => ({
        from,
        to: 'Secret/shop/pw',
        because: [
          {
            from,
            to: 'Secret/shop/pw',
            rule: 'env-from-secret',
            field: 'spec.template.spec.containers[0].envFrom[0].secretRef.name',
            certainty: 'certain',
          },
        ],
      })),
    );
  });

  it.each([
    [
      'a Service of two workloads',
      [web(), api(), anObject('Service', 'shop/both', { spec: { selector: { part: 'front' } } })],
      'Service/shop/both',
    ],
    ['a Service of none', [web(), service('other')], 'Service/shop/other'],
    [
      'a Service without selector',
      [web(), anObject('Service', 'shop/ext', { spec: {} })],
      'Service/shop/ext',
    ],
    [
      'an Ingress of two units',
      [web(), api(), service('web'), service('api'), ingress('front', 'web', 'api')],
      'Ingress.networking.k8s.io/shop/front',
    ],
    ['a Secret nobody needs', [web(), secret('idle')], 'Secret/shop/idle'],
  ])('%s is a unit of its own', (_, objects, id) => {
    const both = objects.map((object) =>
      object.kind === 'Deployment'
        ? {
            ...object,
            spec: {
              template: { metadata: { labels: { app: object.metadata.name, part: 'front' } }, spec: {} },
            },
          }
        : object,
    );

    expect(unitsOf(both)[id]).toEqual([id]);
  });

  it('an Ingress waits for the workloads behind its Services', () => {
    const { edges } = graph([web(), api(), service('web'), service('api'), ingress('front', 'web', 'api')]);

    expect(edges.map(({ from, to }) => [from, to])).toEqual([
      ['Ingress.networking.k8s.io/shop/front', API],
      ['Ingress.networking.k8s.io/shop/front', WEB],
    ]);
  });

  it('a custom resource is waited for by what needs the Secret that it owns', () => {
    const certificate = anObject('Certificate', 'shop/tls', { apiVersion: 'cert.example/v1' });
    const owned = {
      ...secret('tls'),
      metadata: { ...secret('tls').metadata, ownerReferences: [ownedBy(certificate)] },
    };

    const { units, edges } = graph([web(using('tls')), owned, certificate]);

    expect(units.map(({ id }) => id)).toEqual(['Certificate.cert.example/shop/tls', WEB]);
    expect(edges.map(({ from, to }) => [from, to])).toEqual([[WEB, 'Certificate.cert.example/shop/tls']]);
  });

  it('without inference every object is on its own, after its namespace', () => {
    const objects = [web(using('pw')), service('web'), secret('pw'), anObject('Namespace', 'shop')];

    const { units, edges } = graph(objects, [], false);

    expect(units.map(({ id }) => id)).toEqual(['Namespace/shop', 'Secret/shop/pw', 'Service/shop/web', WEB]);
    expect(edges.map(({ to }) => to)).toEqual(['Namespace/shop', 'Namespace/shop', 'Namespace/shop']);
  });

  it('are taken apart where the user wants one object ready before another of them', () => {
    const before = 'Deployment/shop/web';

    expect(unitsOf([web(), service('web')], [{ before, after: 'Service/shop/web' }])).toEqual({
      [WEB]: [WEB],
      'Service/shop/web': ['Service/shop/web'],
    });
  });

  it('are taken apart where only grouping closes a circle', () => {
    // api's Service before the queue, the queue before api's ConfigMap: fine for objects, not for one unit.
    const objects = [
      api(mounting('cfg')),
      config('cfg'),
      service('api'),
      aWorkload('StatefulSet', 'shop/queue'),
    ];
    const explicit = [
      { before: 'Service/shop/api', after: 'StatefulSet/shop/queue' },
      { before: 'StatefulSet/shop/queue', after: 'ConfigMap/shop/cfg' },
    ];

    expect(graph(objects, explicit).units.map(({ id }) => id)).toEqual([
      'Service/shop/api',
      'StatefulSet.apps/shop/queue',
      'ConfigMap/shop/cfg',
      API,
    ]);
  });
});

describe('cycles', () => {
  it('are shown with their path and what causes them', () => {
    const objects = [web(), api(), aWorkload('StatefulSet', 'shop/db')];
    const explicit = [
      { before: 'Deployment/shop/web', after: 'Deployment/shop/api' },
      { before: 'Deployment/shop/api', after: 'StatefulSet/shop/db' },
      { before: 'StatefulSet/shop/db', after: 'Deployment/shop/web' },
    ];

    expect(buildGraph(objects, explicit, true, [])).toEqual({
      kind: 'cycle',
      path: [API, WEB, DB, API],
      because: [
        { from: API, to: WEB, rule: 'explicit', field: 'spec.dependencies.edges[0]', certainty: 'certain' },
        { from: WEB, to: DB, rule: 'explicit', field: 'spec.dependencies.edges[2]', certainty: 'certain' },
        { from: DB, to: API, rule: 'explicit', field: 'spec.dependencies.edges[1]', certainty: 'certain' },
      ],
    });
  });

  it('arise where the user contradicts a reference', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'Secret/shop/pw' }];

    const result = buildGraph([web(using('pw')), secret('pw')], explicit, true, []);

    expect(result).toMatchObject({ kind: 'cycle', path: [WEB, 'Secret/shop/pw', WEB] });
  });

  it('may be of one object that is to come before itself', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'Deployment.apps/shop/web' }];

    expect(buildGraph([web()], explicit, true, [])).toMatchObject({ kind: 'cycle', path: [WEB, WEB] });
  });

  it('are not made by ownership: a driver that owns the ConfigMap it mounts comes after it', () => {
    const driver = anObject('Pod', 'shop/driver', { spec: { volumes: [{ configMap: { name: 'conf' } }] } });
    const conf = anObject('ConfigMap', 'shop/conf', { metadata: { ownerReferences: [ownedBy(driver)] } });

    expect(unitsOf([driver, conf])).toEqual({
      'Pod/shop/driver': ['ConfigMap/shop/conf', 'Pod/shop/driver'],
    });
  });
});

it('an edge that names nothing is the result, and one that names a left-out object is satisfied', () => {
  const edge = { before: 'Job/shop/migrate', after: 'Deployment/shop/web' };

  expect(buildGraph([web()], [edge], true, [])).toEqual({ kind: 'unknown-edge', key: edge.before, edge });
  const leftOut = [{ key: 'Job.batch/shop/migrate', reason: 'Completed' as const }];
  expect(buildGraph([web()], [edge], true, leftOut)).toMatchObject({ kind: 'graph', graph: { edges: [] } });
});

describe('likely edges', () => {
  const calling = (kind: string, where: string, host: string) =>
    aWorkload(kind, where, { containers: [{ env: [{ name: 'NEXT_HOST', value: host }] }] });

  it('make a workload wait for what answers for the Service that it calls', () => {
    const { edges } = graph([
      calling('Deployment', 'shop/web', 'db'),
      service('db'),
      aWorkload('StatefulSet', 'shop/db'),
    ]);

    expect(edges.map(({ from, to }) => [from, to])).toEqual([[WEB, DB]]);
    expect(edges[0]?.because).toContainEqual({
      from: WEB,
      to: 'Service/shop/db',
      rule: 'service-name-in-environment',
      field: 'spec.template.spec.containers[0].env[0].value',
      certainty: 'likely',
      matched: 'db',
    });
  });

  it('are not followed where two call each other: both start, and people are told once for each', () => {
    const result = buildGraph(
      [
        calling('Deployment', 'shop/web', 'api'),
        calling('Deployment', 'shop/api', 'web'),
        service('web'),
        service('api'),
      ],
      [],
      true,
      [],
    );

    expect(result).toMatchObject({ kind: 'graph', graph: { edges: [] } });
    expect(result.kind === 'graph' && result.warnings).toEqual([
      `${API} likely needs ${WEB} (service-name-in-environment: spec.template.spec.containers[0].env[0].value "web"), which is not followed because it closes a circle: ${API} -> ${WEB} -> ${API}`,
      `${WEB} likely needs ${API} (service-name-in-environment: spec.template.spec.containers[0].env[0].value "api"), which is not followed because it closes a circle: ${WEB} -> ${API} -> ${WEB}`,
    ]);
  });

  it('give way to what a user wrote', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'StatefulSet/shop/db' }];
    const objects = [
      calling('Deployment', 'shop/web', 'db'),
      service('db'),
      aWorkload('StatefulSet', 'shop/db'),
    ];

    const result = buildGraph(objects, explicit, true, []);

    expect(result.kind === 'graph' && result.graph.edges.map(({ from, to }) => [from, to])).toEqual([
      [DB, WEB],
    ]);
    expect(result.kind === 'graph' && result.warnings).toHaveLength(1);
  });

  it('that close a thousand circles are all dropped, and fifty of them told', () => {
    const objects = Array.from({ length: 1000 }, (_, index) => [
      calling('Deployment', `shop/w${index}`, `w${(index + 1) % 1000}`),
      service(`w${index}`),
    ]).flat();

    const result = buildGraph(objects, [], true, []);

    expect(result.kind === 'graph' && result.graph.edges).toEqual([]);
    expect(result.kind === 'graph' && result.warnings).toHaveLength(51);
  });
});

describe('startable', () => {
  const shop = graph([web(using('pw')), api(using('pw')), secret('pw'), config('idle')]);
  const none: ReadonlySet<string> = new Set();
  const ids = (done: readonly string[], running: readonly string[] = []) =>
    startable(shop, new Set(done), new Set(running)).map(({ id }) => id);

  it('starts what needs nothing, in parallel', () => {
    expect(startable(shop, none, none).map(({ id }) => id)).toEqual([
      'Secret/shop/pw',
      'ConfigMap/shop/idle',
    ]);
  });

  it('waits until what is needed is done, not merely running', () => {
    expect(ids([], ['Secret/shop/pw', 'ConfigMap/shop/idle'])).toEqual([]);
    expect(ids(['Secret/shop/pw'], ['ConfigMap/shop/idle'])).toEqual([API, WEB]);
  });

  it('starts nothing twice', () => {
    expect(ids(['Secret/shop/pw', API], ['ConfigMap/shop/idle', WEB])).toEqual([]);
  });
});

it('the longest path is told from the first unit to the last', () => {
  const explicit = [{ before: 'StatefulSet/shop/db', after: 'Deployment/shop/web' }];

  const { longestPath } = graph(
    [web(), service('web'), aWorkload('StatefulSet', 'shop/db'), anObject('Namespace', 'shop'), api()],
    explicit,
  );

  expect(longestPath).toEqual(['Namespace/shop', DB, WEB]);
});

const name = fc.constantFrom('a', 'b', 'c');
const names = fc.uniqueArray(name, { maxLength: 2 });
/** One object of a kind that takes part in grouping, referring to others at random, present or not. */
const someObject: fc.Arbitrary<KubeObject> = fc.oneof(
  fc
    .record({ at: name, secrets: names, configs: names, account: name, calls: names })
    .map(({ at, secrets, configs, account, calls }) =>
      aWorkload('Deployment', `shop/${at}`, {
        containers: [
          {
            envFrom: secrets.map((secretName) => ({ secretRef: { name: secretName } })),
            env: calls.map((host) => ({ name: 'NEXT_HOST', value: host })),
          },
        ],
        ...mounting(...configs),
        serviceAccountName: account,
      }),
    ),
  fc
    .record({ at: name, serviceName: name, configs: names })
    .map(({ at, serviceName, configs }) =>
      aWorkload('StatefulSet', `shop/${at}`, mounting(...configs), { serviceName }),
    ),
  fc.record({ at: name, app: name }).map(({ at, app }) => service(at, app)),
  fc.record({ at: name, app: name }).map(({ at, app }) => budget(at, app)),
  fc.record({ at: name, app: name }).map(({ at, app }) => autoscaler(at, app)),
  fc.record({ at: name, to: names }).map(({ at, to }) => ingress(at, ...to)),
  fc.record({ at: name, secrets: names }).map(({ at, secrets }) =>
    anObject('ServiceAccount', `shop/${at}`, {
      secrets: secrets.map((secretName) => ({ name: secretName })),
    }),
  ),
  fc.record({ at: name, owner: fc.option(name) }).map(({ at, owner }) =>
    anObject('ConfigMap', `shop/${at}`, {
      metadata: {
        ownerReferences: owner === null ? [] : [ownedBy(aWorkload('Deployment', `shop/${owner}`))],
      },
    }),
  ),
  name.map(secret),
);
const someObjects = fc
  .array(someObject, { minLength: 1, maxLength: 16 })
  .map((objects) => [...new Map(objects.map((object) => [keyOf(object), object])).values()]);
const someInput = someObjects.chain((objects) => {
  const key = fc.constantFrom(...objects.map(keyOf));
  const explicit = fc.array(fc.record({ before: key, after: key }), { maxLength: 4 });
  return fc.record({
    objects: fc.constant(objects),
    explicit,
    shuffled: fc.shuffledSubarray(objects, { minLength: objects.length }),
  });
});

/** What must hold between objects: ownership and what is only likely aside, because they may give way. */
function needed(objects: readonly KubeObject[], explicit: readonly ExplicitEdge[]) {
  const inferred = references(objects, { infer: true }).edges.filter(
    ({ rule, certainty }) => rule !== OWNER_RULE && certainty === 'certain',
  );
  return [
    ...inferred,
    ...explicit.map(({ before, after }) => ({ from: after, to: before, rule: 'explicit' })),
  ];
}

/** By taking away what needs nothing until nothing is left: independent of the code under test. */
function hasCycle(edges: readonly { from: string; to: string }[]): boolean {
  let left = edges;
  for (;;) {
    const rest = left.filter(({ to }) => left.some(({ from }) => from === to));
    if (rest.length === left.length) return left.length > 0;
    left = rest;
  }
}

describe('laws of the graph', () => {
  it('a cycle is reported exactly when the objects have one, and its path follows their edges', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const edges = needed(objects, explicit);

        const result = buildGraph(objects, explicit, true, []);

        expect(result.kind).toBe(hasCycle(edges) ? 'cycle' : 'graph');
        if (result.kind !== 'cycle') return;
        expect(result.path.at(-1)).toBe(result.path[0]);
        expect(result.because.map(({ from }) => from)).toEqual(result.path.slice(0, -1));
        expect(result.because.map(({ to }) => to)).toEqual(result.path.slice(1));
        for (const { from, to, rule } of result.because) {
          expect(edges).toContainEqual(expect.objectContaining({ from, to, rule }));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('units partition the objects, and are named after one of theirs', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);

        const { units } = result.graph;

        expect(units.flatMap((unit) => unit.objects).toSorted()).toEqual(objects.map(keyOf).toSorted());
        for (const unit of units) expect(unit.objects).toContain(unit.id);
      }),
    );
  });

  it("replay by startable units applies every object after what it needs, and a user's edges wait for readiness", () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);

        const waves = replay(result.graph);

        const applied = new Map(waves.flat().map((key, index) => [key, index]));
        const unitOf = new Map(
          result.graph.units.flatMap(({ id, objects: keys }) => keys.map((key) => [key, id])),
        );
        for (const { from, to, rule } of needed(objects, explicit)) {
          expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
          // Inside a unit nothing waits for readiness; only a user's edges promise that it does.
          const isTogether = unitOf.get(from) === unitOf.get(to);
          expect(isTogether && rule === 'explicit').toBe(false);
        }
        expect(applied.size).toBe(objects.length);
      }),
    );
  });

  it('adding an edge by hand removes no edge that is certain, or makes a cycle', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const [added, ...fewer] = explicit;
        const before = buildGraph(objects, fewer, true, []);
        const after = buildGraph(objects, added === undefined ? fewer : [...fewer, added], true, []);
        if (before.kind !== 'graph' || after.kind !== 'graph') return;

        const isThere = (edge: { from: string; to: string }) =>
          needed(objects, explicit).some(({ from, to }) => from === edge.from && to === edge.to);

        const applied = new Map(
          replay(after.graph)
            .flat()
            .map((key, index) => [key, index]),
        );
        for (const { from, to } of needed(objects, fewer)) {
          expect(isThere({ from, to })).toBe(true);
          expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
        }
      }),
    );
  });

  it('every likely edge is in the graph, inside a unit, or in a warning; and those in the graph are respected', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit }) => {
        const result = buildGraph(objects, explicit, true, []);
        if (result.kind !== 'graph') return fc.pre(false);
        const { graph: built, warnings } = result;
        const unitOf = new Map(built.units.flatMap(({ id, objects: keys }) => keys.map((key) => [key, id])));
        const applied = new Map(
          replay(built)
            .flat()
            .map((key, index) => [key, index]),
        );
        const kept = built.edges.flatMap(({ because }) => because);

        const likely = references(objects, { infer: true }).edges.filter(
          (edge) => edge.certainty === 'likely',
        );

        for (const edge of likely) {
          const isTold = warnings.some(
            (text) => text.startsWith(`${edge.from} likely needs `) && text.includes(edge.field),
          );
          const isInside = unitOf.get(edge.from) === unitOf.get(edge.to);
          const isKept = kept.some((one) => compareEdges(one, edge) === 0);
          expect(isTold || isInside || isKept).toBe(true);
        }
        for (const { from, to } of kept) expect(applied.get(to)).toBeLessThan(applied.get(from) ?? -1);
      }),
    );
  });

  it('the result does not depend on the order of the objects', () => {
    fc.assert(
      fc.property(someInput, ({ objects, explicit, shuffled }) => {
        expect(buildGraph(shuffled, explicit, true, [])).toEqual(buildGraph(objects, explicit, true, []));
      }),
    );
  });
});

/** Objects by wave: all units that may start, then those that may start once these are done, … */
function replay(plan: Graph): readonly (readonly string[])[] {
  const done = new Set<string>();
  const waves: string[][] = [];
  for (;;) {
    const wave = startable(plan, done, new Set());
    if (wave.length === 0) return waves;
    waves.push(wave.flatMap(({ objects }) => objects));
    for (const { id } of wave) done.add(id);
  }
}

/** Workloads of five objects each, about four edges an object, among them shared Secrets and a chain of explicit edges. */
function aShop(workloads: number) {
  const objects = Array.from({ length: workloads }, (_, index) => [
    aWorkload('Deployment', `shop/w${index}`, {
      containers: [
        {
          envFrom: Array.from({ length: 17 }, (__, step) => ({
            secretRef: { name: `s${(index * 7 + step) % workloads}` },
          })),
          env: [{ name: 'NEXT_URL', value: `http://w${Math.max(0, index - 1)}:80/` }],
        },
      ],
      ...mounting(`c${index}`),
    }),
    service(`w${index}`),
    secret(`s${index}`),
    config(`c${index}`),
    budget(`w${index}`),
  ]).flat();
  const explicit = Array.from({ length: workloads - 1 }, (_, index) => ({
    before: `Deployment/shop/w${index}`,
    after: `Deployment/shop/w${index + 1}`,
  }));
  return { objects, explicit };
}

/** Processor time, because the machine may be busy with other tests. */
function cost({ objects, explicit }: ReturnType<typeof aShop>): number {
  const start = process.cpuUsage();
  expect(buildGraph(objects, explicit, true, []).kind).toBe('graph');
  return process.cpuUsage(start).user;
}

describe('size', () => {
  it('ten times the objects (5,000, with 20,000 edges) take nowhere near a hundred times as long', () => {
    const small = aShop(100);
    const large = aShop(1000);
    expect(references(large.objects, { infer: true }).edges.length).toBeGreaterThan(18_000);
    cost(large);

    const costs = [1, 2].map(() => ({ small: cost(small), large: cost(large) }));

    const least = (size: 'small' | 'large') => Math.min(...costs.map((run) => run[size]));
    expect(least('large')).toBeLessThan(40 * least('small'));
  });

  it('units that would all wait for each other are taken apart in a few passes', () => {
    // Each workload's ConfigMap waits for the Service of the next one: one circle of units, none of objects.
    const many = 1000;
    const objects = Array.from({ length: many }, (_, index) => [
      aWorkload('Deployment', `shop/w${index}`, mounting(`c${index}`)),
      service(`w${index}`),
      config(`c${index}`),
    ]).flat();
    const explicit = Array.from({ length: many }, (_, index) => ({
      before: `Service/shop/w${(index + 1) % many}`,
      after: `ConfigMap/shop/c${index}`,
    }));

    const { units } = graph(objects, explicit);

    expect(units.flatMap((unit) => unit.objects)).toHaveLength(3 * many);
    expect(units.length).toBeGreaterThan(many);
  });
});
