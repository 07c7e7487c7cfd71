import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { graphConfigMapName } from '../api/v1alpha1/graph-config-map.ts';
import { pack } from '../domain/graph/render/record-codec.ts';
import { shopRecord } from '../domain/graph/render/testing/shop.ts';
import { KubeError } from '../kube/errors.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { anObject, aWorkload } from '../testing/objects.ts';
import { runProgram } from './program.ts';
import { type FakeClusterOptions, fakeCluster, kubeconfigText } from './testing/clusters.ts';

const spec = {
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
};
const point = {
  name: shopRecord.point,
  capturedAt: shopRecord.capturedAt,
  objects: 9,
  bytes: 100,
  digest: 'sha256:x',
};
const status = {
  acceptedGeneration: 1,
  recoveryPoint: point,
  recoveryPoints: [
    { ...point, name: 'later', capturedAt: '2026-03-01T12:01:00.000Z' },
    point,
    { ...point, name: 'earlier', capturedAt: '2026-03-01T11:59:00.000Z' },
  ],
  replication: { lastDurationMillis: 2000 },
  graph: { objects: 9, units: 6, edges: 8, leftOut: 3, longestPath: [] },
};
const scenario = (changes: object = {}): KubeObject =>
  anObject('DRScenario', 'dr/shop', { metadata: { generation: 1, uid: 'u' }, spec, status, ...changes });
const region = (name: string): KubeObject =>
  anObject('RegionHealth', name, {
    apiVersion: 'antipode.dev/v1alpha1',
    spec: { clusterRef: { secretName: `${name}-kubeconfig` } },
  });
const secret = anObject('Secret', 'antipode-system/eu-west-kubeconfig', {
  data: { kubeconfig: Buffer.from(kubeconfigText).toString('base64') },
});
const published = async (): Promise<KubeObject> => {
  const packed = await pack(shopRecord);
  if (packed.kind !== 'packed') throw new Error('it does not fit');
  return anObject('ConfigMap', `dr/${graphConfigMapName('shop')}`, { data: { graph: packed.text } });
};
const objectiveObjects = async () => [
  scenario(),
  region('eu-west'),
  region('eu-north'),
  secret,
  await published(),
];

const sourceObjects = [
  anObject('Namespace', 'shop'),
  anObject('Namespace', 'shop-data'),
  anObject('Secret', 'shop/token'),
  aWorkload('Deployment', 'shop/web', {
    containers: [{ name: 'main', image: 'web', envFrom: [{ secretRef: { name: 'token' } }] }],
  }),
  anObject('ConfigMap', 'shop-data/settings'),
  aWorkload('Deployment', 'shop-data/worker', {
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  }),
  aWorkload('Deployment', 'shop-data/second', {
    volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
  }),
];

type Files = Readonly<Record<string, string>>;

interface World {
  readonly objective?: readonly KubeObject[];
  readonly options?: FakeClusterOptions;
  readonly files?: Files;
  readonly isTerminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

async function run(args: readonly string[], world: World = {}) {
  const objective = fakeCluster('objective', world.objective ?? (await objectiveObjects()), world.options);
  const source = fakeCluster('eu-west', sourceObjects);
  const files: Readonly<Record<string, string>> = { '/home/me/.kube/config': kubeconfigText, ...world.files };
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    isTerminal: world.isTerminal ?? false,
    environment: { HOME: '/home/me', ...world.environment },
    read: async (path) => files[path],
    connect: (_, name) => (name === 'objective' ? objective.cluster : source.cluster),
    clock: manualClock(),
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr, objective, source };
}

const fileOf = (changes: object, more: object = {}): Files => ({
  'new.yaml': dump({
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'DRScenario',
    metadata: { name: 'shop', namespace: 'dr' },
    spec: { ...spec, ...changes },
    ...more,
  }),
});
const bothNamespaces = { resources: { namespaces: ['shop', 'shop-data'] } };

describe('antipode', () => {
  it.each<[string, readonly string[]]>([
    ['an unknown command', ['graphs']],
    ['an unknown option', ['graph', 'shop', '--colour']],
    ['no scenario', ['graph']],
    ['an unknown form of output', ['graph', 'shop', '-o', 'svg']],
    ['no file', ['plan']],
  ])('exits with 2 and says why, for %s', async (_, args) => {
    const { code, stdout, stderr } = await run(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });

  it('prints its help and exits with 0', async () => {
    const { code, stdout } = await run(['--help']);

    expect(code).toBe(0);
    expect(stdout).toContain('graph [options] <scenario>');
  });

  it.each<[string, World & { args?: readonly string[] }, RegExp]>([
    [
      'there is no kubeconfig',
      { environment: { HOME: '/nobody' } },
      /no kubeconfig at .*pass --kubeconfig FILE/,
    ],
    ['the context is unknown', { args: ['--context', 'x'] }, /current-context names a context that is not/],
    ['there is no such scenario', { objective: [] }, /no DRScenario dr\/shop .*choose its namespace with -n/],
    ['there is no recovery point yet', { objective: [scenario({ status: {} })] }, /no recovery point yet/],
    [
      'the graph was not published',
      { objective: [scenario()] },
      /ConfigMap dr\/antipode-graph-shop is missing/,
    ],
    ['the user may not read it', { options: { forbidden: ['ConfigMap'] } }, /ask an administrator/],
    [
      'the context names another namespace',
      { args: ['--context', 'elsewhere'] },
      /no DRScenario other\/shop/,
    ],
  ])('exits with 1 and says what to do, when %s', async (_, { args = [], ...world }, message) => {
    const { code, stdout, stderr } = await run(['graph', 'shop', ...args], world);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('antipode graph', () => {
  it.each([
    ['tree', 'Wave 1: 1 unit'],
    ['dot', 'digraph "dr/shop" {'],
    ['mermaid', 'flowchart RL'],
    ['json', '"formatVersion": 1'],
  ])('prints the published graph as %s', async (format, expected) => {
    const { code, stdout, stderr, objective } = await run(['graph', 'shop', '-o', format]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(expected);
    expect(objective).toMatchObject({ writes: [], dryRuns: [], closed: true });
  });

  it('shows that of a later point, which has the same, and refuses that of an earlier one', async () => {
    const later = await run(['graph', 'shop', '--point', 'later']);
    const earlier = await run(['graph', 'shop', '--point', 'earlier']);
    const none = await run(['graph', 'shop', '--point', 'other']);

    expect(later).toMatchObject({ code: 0, stderr: expect.stringContaining('has not changed since') });
    expect(earlier).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('antipode/points/earlier.json'),
    });
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`there are: later, ${point.name}`),
    });
  });

  it('says when the published graph is older than the newest point', async () => {
    const graph = { ...status.graph, objects: 12 };
    const objects = [scenario({ status: { ...status, graph } }), await published()];

    const { code, stderr } = await run(['graph', 'shop'], { objective: objects });

    expect(code).toBe(0);
    expect(stderr).toContain('note: the newest recovery point has 12 objects');
  });

  it('passes on what the operator warns of', async () => {
    const graph = { ...status.graph, warnings: ['a doubtful dependency was not followed'] };
    const objects = [scenario({ status: { ...status, graph } }), await published()];

    const { stderr } = await run(['graph', 'shop'], { objective: objects });

    expect(stderr).toBe('note: a doubtful dependency was not followed\n');
  });

  it('is coloured on a terminal only, and not with NO_COLOR', async () => {
    const terminal = await run(['graph', 'shop'], { isTerminal: true });
    const noColour = await run(['graph', 'shop'], { isTerminal: true, environment: { NO_COLOR: '1' } });

    expect(terminal.stdout).toContain('\u001b[1m');
    expect(noColour.stdout).not.toContain('\u001b');
    expect(noColour.stdout).toBe((await run(['graph', 'shop'])).stdout);
  });
});

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
