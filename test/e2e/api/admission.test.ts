/** What the API server itself accepts, fills in, refuses and shows of Antipode's kinds. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { at } from '../../../src/api/fields.ts';
import { drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import { regionHealthSpec } from '../../../src/api/v1alpha1/region-health.ts';
import { getLab } from '../lab.ts';
import { applyCrds, refusalOf } from './kubectl.ts';
import { dnsOf, execution, type Manifest, region, scenario } from './manifests.ts';
import { dnsRefusals, executionRefusals, regionRefusals, scenarioRefusals } from './refusals.ts';
import { executionStatus, regionStatus, scenarioStatus } from './statuses.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const NAMESPACE = 'admission';
let objective: LabCluster;

beforeAll(async () => {
  objective = (await getLab()).objective;
  await applyCrds(objective);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await objective.kubectl(['apply', '-f', '-'], { input: JSON.stringify(namespace) });
});

/** An operator that a later test starts would take them for its own. */
afterAll(async () => {
  await objective.kubectl(['delete', 'rh', 'shown', '--ignore-not-found']);
  await objective.kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found']);
});

async function admitted(manifest: Manifest): Promise<unknown> {
  const args = ['apply', '--dry-run=server', '--validate=strict', '-o', 'json', '-f', '-'];
  return JSON.parse(await objective.kubectl(args, { input: JSON.stringify(manifest) }));
}

describe('The generator', () => {
  it('finds the committed CRDs up to date', async () => {
    const tsx = path.join(ROOT, 'node_modules/.bin/tsx');
    const checked = promisify(execFile)(tsx, ['hack/generate-crds.ts', '--check'], { cwd: ROOT });

    await expect(checked).resolves.toMatchObject({ stderr: '' });
  });
});

describe('The API server accepts', () => {
  it('the smallest scenario, and fills in what the schema says', async () => {
    const object = await admitted(scenario());

    expect(at(object, 'spec')).toEqual(drScenarioSpec.parse(scenario().spec));
  });

  it('the smallest region, and fills in what the schema says', async () => {
    const object = await admitted(region());

    expect(at(object, 'spec')).toEqual(regionHealthSpec.parse(region().spec));
  });

  it('the smallest execution, and fills in what the schema says', async () => {
    const object = await admitted(execution());

    expect(at(object, 'spec')).toEqual({
      scenario: 'shop',
      kind: 'Failover',
      recoveryPoint: 'latest',
      reason: 'no reason given',
    });
  });

  it.each([
    [
      'IP addresses of both families on both sides',
      dnsOf(['192.0.2.1', '2001:db8::1'], ['192.0.2.2', '2001:db8::2']),
    ],
    ['a host name on both sides', dnsOf(['lb.west.example.com'], ['lb.north.example.com'])],
    [
      'a chain of edges',
      {
        dependencies: {
          edges: [
            { before: 'StatefulSet/shop/db', after: 'Deployment/shop/api' },
            { before: 'Deployment/shop/api', after: 'Deployment/shop/web' },
          ],
        },
      },
    ],
    ['automatic failover with a loss budget', { failover: { mode: 'Automatic', maxDataLoss: '1h30m' } }],
  ])('a scenario with %s', async (_what, spec) => {
    await expect(admitted(scenario(spec))).resolves.toBeDefined();
  });

  it.each([1, 3, '1%', '100%'])('failure of %s of the zones', async (zones) => {
    await expect(admitted(region({ failure: { zones } }))).resolves.toBeDefined();
  });

  it('and prunes an unknown field, which kubectl warns of', async () => {
    const manifest = scenario({ surprise: true });
    const args = ['apply', '--dry-run=server', '--validate=warn', '-o', 'json', '-f', '-'];

    const object: unknown = JSON.parse(await objective.kubectl(args, { input: JSON.stringify(manifest) }));

    expect(at(object, 'spec', 'surprise')).toBeUndefined();
    expect(
      await refusalOf(objective, ['apply', '--dry-run=server', '--validate=strict', '-f', '-'], manifest),
    ).toContain('unknown field "spec.surprise"');
  });
});

describe('The API server refuses', () => {
  const refusals = [...scenarioRefusals, ...dnsRefusals, ...regionRefusals, ...executionRefusals];

  it.each(refusals.map((refusal) => [refusal.what, refusal] as const))(
    '%s',
    async (_what, { manifest, field, words }) => {
      const refusal = await refusalOf(objective, ['create', '--dry-run=server', '-f', '-'], manifest);

      expect(refusal).toContain(field);
      expect(refusal).toContain(words);
    },
  );

  it('changing an execution', async () => {
    await objective.kubectl(['apply', '-f', '-'], {
      input: JSON.stringify(execution({}, 'fixed', NAMESPACE)),
    });

    const changed = execution({ reason: 'another' }, 'fixed', NAMESPACE);

    expect(await refusalOf(objective, ['apply', '-f', '-'], changed)).toContain(
      'spec: Invalid value: an execution cannot be changed: create another DRExecution instead',
    );
  });
});

describe.each([
  ['DRScenario', 'drs', scenario({}, 'shown', NAMESPACE), scenarioStatus],
  ['RegionHealth', 'rh', region({}, 'shown'), regionStatus],
  ['DRExecution', 'drx', execution({}, 'shown', NAMESPACE), executionStatus],
] as const)('The status of a %s', (_kind, shortName, manifest, status) => {
  const scope = manifest.metadata.namespace === undefined ? [] : ['-n', NAMESPACE];

  beforeAll(async () => {
    await objective.kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    const applied = { ...manifest, spec: undefined, status };
    await objective.kubectl(
      [
        'apply',
        '--server-side',
        '--subresource=status',
        '--field-manager=antipode',
        '--validate=strict',
        '-f',
        '-',
      ],
      { input: JSON.stringify(applied) },
    );
  });

  it('keeps every field as it was written', async () => {
    const text = await objective.kubectl(['get', shortName, 'shown', ...scope, '-o', 'json']);

    expect(at(JSON.parse(text), 'status')).toEqual(status);
  });

  it('shows in the columns', async () => {
    const text = await objective.kubectl(['get', shortName, 'shown', ...scope]);

    expect(text.replaceAll(/ +/g, ' ').trim()).toMatch(columnsOf(shortName));
  });
});

function columnsOf(shortName: 'drs' | 'rh' | 'drx'): RegExp {
  switch (shortName) {
    case 'drs':
      return /^NAME SOURCE RECOVERY ACTIVE PHASE RPO POINT AGE RTO AGE\nshown eu-west eu-north eu-west Protected 5m \S+ 10m \S+$/;
    case 'rh':
      return /^NAME REGION VERDICT SINCE ZONES CONTROL PLANE AGE\nshown eu-west-1 Degraded \S+ 2\/3 True \S+$/;
    case 'drx':
      return /^NAME SCENARIO KIND PHASE STEPS LOST TOOK AGE\nshown shop Failover Succeeded 4\/4 41s 12s \S+$/;
  }
}
