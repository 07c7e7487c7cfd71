import { describe, expect, it } from 'vitest';
import { KubeError } from '../kube/errors.ts';
import { anObject, aWorkload } from '../testing/objects.ts';
import {
  type Files,
  fileOf,
  point,
  published,
  region,
  run,
  scenario,
  secret,
  spec,
} from './testing/program.ts';

const bothNamespaces = { resources: { namespaces: ['shop', 'shop-data'] } };

describe('antipode plan', () => {
  const planned = ['plan', '-f', 'new.yaml'];

  it('says what a further namespace would add, and writes nothing anywhere', async () => {
    const { code, stdout, stderr, objective, source } = await run(planned, { files: fileOf(bothNamespaces) });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Plan for DRScenario dr/shop, which exists. Nothing was changed.

      Spec: 1 change
        resources.namespaces  + shop-data

      Objects: 3 -> 7, 432 B -> 1.2 KiB
        + ConfigMap/shop-data/settings  93 B   needed by Deployment/shop-data/second (volume-config-map) and 1 other
        + Deployment/shop-data/second   339 B  selected
        + Deployment/shop-data/worker   339 B  selected
        + Namespace/shop-data           70 B   holds 3 objects of the plan

      Dependencies: +5, -0
        + ConfigMap/shop-data/settings needs Namespace/shop-data, being in it
        + Deployment/shop-data/second needs ConfigMap/shop-data/settings
            Deployment/shop-data/second spec.template.spec.volumes[0].configMap.name (volume-config-map)
        + Deployment/shop-data/second needs Namespace/shop-data, being in it
        + Deployment/shop-data/worker needs ConfigMap/shop-data/settings
            Deployment/shop-data/worker spec.template.spec.volumes[0].configMap.name (volume-config-map)
        + Deployment/shop-data/worker needs Namespace/shop-data, being in it

      Longest path: 2 units -> 3 units
        before: Namespace/shop → Deployment/shop/web
        after: Namespace/shop-data → ConfigMap/shop-data/settings → Deployment/shop-data/second

      Objectives
        RPO 5m: a capture would take about 5s, going by the last one: short enough
        RTO 10m: predicted now 22s (p50), 1m41s (p95), then 22s (p50), 1m42s (p95); this rests on what is
          usual for such objects: nothing was measured yet
      "
    `);
    expect(objective).toMatchObject({ writes: [], closed: true });
    expect(objective.dryRuns.map(({ metadata }) => metadata.name)).toEqual(['shop']);
    expect(source).toMatchObject({ writes: [], dryRuns: [], closed: true });
  });

  it('says what an exclusion would drop, and who will miss it', async () => {
    const files = fileOf({ resources: { namespaces: ['shop'], exclude: ['Secret/shop/token'] } });

    const { code, stdout } = await run(planned, { files });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}- Secret\/shop\/token .*excluded by spec\.resources/m);
  });

  it('says that what is planned is too large for one execution, and what to do', async () => {
    const source = [
      anObject('Namespace', 'shop'),
      ...Array.from({ length: 2100 }, (_, index) => aWorkload('Deployment', `shop/w${index}`)),
    ];

    const { code, stdout } = await run(planned, { files: fileOf({}), source });

    expect(code).toBe(0);
    expect(stdout).toContain(
      'No failover could be started: spec.resources: an execution would have 2103 steps, more than the 2048 that one can hold (split the scenario',
    );
  });

  it('says that nothing would change, when nothing would', async () => {
    const { stdout } = await run(planned, { files: fileOf({}) });

    expect(stdout).toContain('Spec: no change');
    expect(stdout).toContain('the same objects in the same order');
  });

  it('shows the change of the spec only, and says so, when the kubeconfig of the source may not be read', async () => {
    const world = { files: fileOf(bothNamespaces), options: { forbidden: ['Secret'] } };

    const { code, stdout, stderr } = await run(planned, world);

    expect(code).toBe(0);
    expect(stdout).toContain('resources.namespaces  + shop-data');
    expect(stdout).not.toContain('Objects');
    expect(stderr).toContain('is not known, because the source cannot be read from here');
  });

  it('counts everything as new for a scenario that does not exist yet', async () => {
    const objective = [region('eu-west'), region('eu-north'), secret];

    const { code, stdout } = await run(planned, { files: fileOf({}), objective });

    expect(code).toBe(0);
    expect(stdout).toContain('Plan for DRScenario dr/shop, which would be created');
    expect(stdout).toMatch(/^Objects: 0 -> 3/m);
  });

  it('compares with the published graph, and says so, when what is in force cannot be found any more', async () => {
    const old = scenario({ spec: { ...spec, source: { region: 'gone' } } });
    const objective = [old, region('eu-west'), region('eu-north'), secret, await published()];

    const { code, stdout, stderr } = await run(planned, { files: fileOf({}), objective });

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}- Ingress\/shop\/shop/m);
    expect(stderr).toContain(`compared with recovery point ${point.name}`);
  });

  it('exits with 1 for a spec that could not be put in order', async () => {
    const edge = { before: 'Deployment/shop/web', after: 'Secret/shop/token' };

    const { code, stdout, stderr } = await run(planned, {
      files: fileOf({ dependencies: { edges: [edge] } }),
    });

    expect(code).toBe(1);
    expect(stdout).toContain('dependencies.edges');
    expect(stderr).toContain('this would not be accepted: dependencies go round in a circle');
  });

  it('exits with 1 and the words of the API server when that refuses', async () => {
    const onApply = new KubeError('Invalid', 'spec.dns: no such zone', { cluster: 'objective' });

    const { code, stderr } = await run(planned, { files: fileOf({}), options: { onApply } });

    expect(code).toBe(1);
    expect(stderr).toContain('the API server refuses this scenario: spec.dns: no such zone');
  });

  it('goes on without validation by the API server when the user may not ask for it', async () => {
    const denied = { cluster: 'objective', denial: 'rbac' } as const;
    const onApply = new KubeError('Forbidden', 'you may not patch drscenarios', denied);

    const { code, stderr } = await run(planned, { files: fileOf({}), options: { onApply } });

    expect(code).toBe(0);
    expect(stderr).toContain('was not asked to validate');
  });

  it.each<[string, Files, RegExp]>([
    ['there is no such file', {}, /new\.yaml does not exist/],
    [
      'a field is wrong',
      fileOf({ objectives: { rpo: 'soon', rto: '1m' } }),
      /spec\.objectives\.rpo: must be a duration/,
    ],
    ['it is not YAML', { 'new.yaml': 'a: [' }, /not valid YAML \(line 1\)/],
    ['it has no scenario', { 'new.yaml': 'kind: ConfigMap' }, /has no DRScenario/],
    [
      'its version is another',
      fileOf({}, { apiVersion: 'antipode.dev/v2' }),
      /apiVersion: is antipode\.dev\/v2/,
    ],
    [
      'the namespace is another',
      fileOf({}, { metadata: { name: 'shop', namespace: 'x' } }),
      /is x, but --namespace is dr/,
    ],
  ])('exits with 1 and names what is wrong, when %s', async (_, files, message) => {
    const { code, stdout, stderr, objective } = await run([...planned, '-n', 'dr'], { files });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(objective.dryRuns).toEqual([]);
  });

  const transforms = [
    { name: 'mirror', images: [{ from: 'docker.io', to: 'mirror.example' }] },
    { name: 'places', namespaces: [{ from: 'shop', to: 'shop-dr' }] },
    {
      name: 'ports',
      match: "object.kind == 'Secret'",
      patch: [{ op: 'remove', path: '/spec/ports' }],
    },
    { name: 'idle', storageClasses: [{ from: 'fast', to: 'premium' }] },
  ];

  it('shows what each transform changes, and what would not be restored', async () => {
    const files = fileOf({ replication: { transforms } });

    const { code, stdout } = await run(planned, { files });

    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        'Transforms: 4 transforms',
        '  mirror changes 1 object',
        '    Deployment/shop/web spec.template.spec.containers[0].image: web → mirror.example/library/web',
        '  places changes 2 objects',
        '    1 object moves: shop → shop-dr',
        '    Namespace/shop metadata.name: shop → shop-dr',
        '  ports changes nothing',
        '  idle changes nothing',
        '  ! would not be restored: Secret/shop/token: transform ports: remove /spec/ports finds no value at',
        '    its path',
      ].join('\n'),
    );
  });

  it('has what transforms do in its JSON', async () => {
    const files = fileOf({ replication: { transforms } });

    const { stdout } = await run([...planned, '-o', 'json'], { files });

    expect(JSON.parse(stdout)).toMatchObject({
      transforms: {
        transforms: [{ name: 'mirror', changes: [{ to: 'mirror.example/library/web' }] }, {}, {}, {}],
        failures: [expect.stringContaining('transform ports')],
      },
    });
  });

  it('exits with 1 and names the transform or hook that the operator would refuse', async () => {
    const wrong = [{ name: 'edge', match: 'object.', ingressClasses: [{ from: 'alb', to: 'nginx' }] }];
    const hook = { name: 'freeze', when: 'BeforeCapture', namespace: 'kube-system', command: ['sync'] };
    const files = fileOf({
      replication: { transforms: wrong, hooks: [{ ...hook, podSelector: { app: 'db' } }] },
    });

    const { code, stderr } = await run(planned, { files });

    expect(code).toBe(1);
    expect(stderr).toContain('this would not be accepted: spec.replication.transforms[edge].match is not');
    expect(stderr).toContain(
      'spec.replication.hooks[freeze].namespace is kube-system, which is not protected',
    );
  });

  const brokenRule = { name: 'queue', match: 'object.kind == ', needs: { object: "'Secret/shop/x'" } };
  const circle = ['a', 'b'].map((name, index) => ({
    before: `Deployment/shop/${name}`,
    after: `Deployment/shop/${index === 0 ? 'b' : 'a'}`,
  }));
  const window = { from: '01:00', to: '02:00', timeZone: 'Mars/Base' };
  const velero = {
    engine: 'velero',
    store: { s3: { bucket: 'points' } },
    volumes: { strategy: 'VolSync' },
  };

  it.each<[string, object, string]>([
    [
      'the same region twice',
      { recovery: { region: 'eu-west' } },
      'spec.recovery.region is "eu-west", the same as spec.source.region',
    ],
    ['an objective of zero', { objectives: { rpo: '5m', rto: '0s' } }, 'spec.objectives.rto is "0s"'],
    ['a rule that cannot be read', { dependencies: { rules: [brokenRule] } }, 'rules[0] ("queue"), match'],
    [
      'edges in a circle',
      { dependencies: { edges: circle } },
      'spec.dependencies.edges go round in a circle',
    ],
    [
      'an unknown time zone',
      { replication: { schedule: { exclusionWindows: [window] } } },
      'there is no time zone Mars/Base',
    ],
    ['what the engine cannot do', { replication: velero }, 'spec.replication.volumes.strategy is VolSync'],
  ])(
    'exits with 1 for %s, as the operator would refuse it, whether or not the source can be read',
    async (_, changes, message) => {
      for (const forbidden of [[], ['Secret']]) {
        const { code, stdout, stderr } = await run(planned, {
          files: fileOf(changes),
          options: { forbidden },
        });

        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toContain('this would not be accepted: ');
        expect(stderr).toContain(message);
      }
    },
  );

  it('compares with what was published when the rules of the scenario that is there cannot be read', async () => {
    const refused = scenario({ spec: { ...spec, dependencies: { rules: [brokenRule] } } });
    const objective = [refused, region('eu-west'), region('eu-north'), secret, await published()];

    const { code, stderr } = await run(planned, { files: fileOf({}), objective });

    expect(code).toBe(0);
    expect(stderr).toContain(`compared with recovery point ${point.name}, not with the source of now (`);
    expect(stderr).toContain('rules[0] ("queue"), match');
  });

  it('has everything in its JSON', async () => {
    const { code, stdout } = await run([...planned, '-o', 'json'], { files: fileOf(bothNamespaces) });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      scenario: { namespace: 'dr', name: 'shop' },
      spec: [{ field: 'resources.namespaces', added: ['shop-data'], removed: [] }],
      graph: { objects: { before: 3, after: 7 }, forecast: { after: { basis: 'prior' } } },
      estimatedCaptureMillis: 4667,
      notes: [],
    });
  });
});
