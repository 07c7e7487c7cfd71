/** The user's own rules of readiness, on live objects and through a whole failover. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilExecuted } from '../../../hack/harness/executions.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { arrayAt, type Fields, textAt } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  installOn,
  untilScenario,
} from '../support/antipode.ts';
import { judging } from './judging.ts';

const NAMESPACE = 'readiness-own';
const SCENARIOS = 'readiness-own-dr';
const GROUP = 'own.readiness.example.com';
let lab: Lab;
let antipode: Antipode;

const definition: Fields = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `databases.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'databases', singular: 'database', kind: 'Database' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const database: Fields = {
  apiVersion: `${GROUP}/v1`,
  kind: 'Database',
  metadata: { name: 'db', namespace: NAMESPACE },
  spec: { size: 1 },
};
const web: Fields = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }] },
    },
  },
};

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  await apply(lab.objective, [aNamespace(SCENARIOS)]);
  await apply(lab.source, [aNamespace(NAMESPACE), definition, database, web]);
  await says(lab.source, 'Running');
});

afterAll(async () => {
  await antipode?.remove();
  for (const cluster of [lab.source, lab.recovery]) {
    const leftovers = [`crd/databases.${GROUP}`, `namespace/${NAMESPACE}`];
    await cluster.kubectl(['delete', ...leftovers, '--ignore-not-found', '--wait=false']);
  }
});

/** What the database's operator would write. */
const says = (cluster: LabCluster, phase: string): Promise<string> => {
  const patch = JSON.stringify({ status: { phase } });
  const what = ['patch', 'database.own.readiness.example.com', 'db', '--type=merge', '--subresource=status'];
  return cluster.kubectl(['-n', NAMESPACE, ...what, '-p', patch]);
};

const byPhase = {
  name: 'database-runs',
  match: `object.kind == 'Database' && object.apiVersion == '${GROUP}/v1'`,
  ready: "object.status.phase == 'Running'",
  failed: "object.status.phase == 'Broken'",
};
const byAnnotation = {
  name: 'web-is-warm',
  match: "object.kind == 'Deployment' && object.metadata.name == 'web'",
  ready: "object.status.availableReplicas == 1 && object.metadata.annotations['example.com/warm'] == 'yes'",
};

describe('on live objects', () => {
  it('a Deployment that is available is not ready before the rule says so', async () => {
    const judged = await judging(lab.source, NAMESPACE, [byAnnotation]);
    try {
      expect(await judged.expectStaysProgressing('deployment', 'web')).toMatchObject({
        message: expect.stringContaining('not ready by rule "web-is-warm"'),
      });
      await lab.source.kubectl(['-n', NAMESPACE, 'annotate', 'deployment', 'web', 'example.com/warm=yes']);
      await judged.expectBecomes('deployment', 'web', 'ready');
    } finally {
      await judged.close();
    }
  });

  it('a custom resource goes by its phase, and one that says it is broken has failed', async () => {
    const judged = await judging(lab.source, NAMESPACE, [byPhase]);
    try {
      expect(await judged.judge('database', 'db')).toEqual({ kind: 'ready' });
      await says(lab.source, 'Starting');
      expect(await judged.judge('database', 'db')).toMatchObject({ kind: 'progressing' });
      await says(lab.source, 'Broken');
      expect(await judged.judge('database', 'db')).toMatchObject({ kind: 'failed' });
    } finally {
      await says(lab.source, 'Running');
      await judged.close();
    }
  });
});

const until = (name: string, what: string, accept: (status: Fields) => boolean) =>
  untilScenario(lab, antipode, { namespace: SCENARIOS, name }, what, accept);
const declare = (name: string, readiness: readonly Fields[]) => {
  const edges = [{ before: `Database.${GROUP}/${NAMESPACE}/db`, after: `Deployment/${NAMESPACE}/web` }];
  const spec = { dependencies: { readiness, edges } };
  return apply(lab.objective, [
    aScenario(lab, { namespace: SCENARIOS, name, namespaces: [NAMESPACE], spec }),
  ]);
};
const isRefused = (status: Fields) => conditionIn(status, 'Accepted')?.status === 'False';

describe('a scenario', () => {
  it('with a rule of readiness that cannot be read is not accepted, and names it', async () => {
    await declare('unreadable', [{ ...byPhase, ready: "object.status.phase = 'Running'" }]);
    expect(conditionIn(await until('unreadable', 'refused', isRefused), 'Accepted')).toMatchObject({
      reason: 'InvalidRule',
      message: expect.stringContaining('spec.dependencies.readiness[0] ("database-runs"), ready'),
    });
  });

  it('with a rule of readiness that costs too much is not accepted, and names it with the object', async () => {
    const keys = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key-${index}`, 'x']));
    const settings = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'many', namespace: NAMESPACE },
    };
    await apply(lab.source, [{ ...settings, data: keys }]);
    const ready = 'object.data.all(a, object.data.all(b, object.data.all(c, a + b != c)))';
    await declare('costly', [{ name: 'greedy', match: "object.kind == 'ConfigMap'", ready }]);
    const { message, reason } = conditionIn(await until('costly', 'refused', isRefused), 'Accepted') ?? {};
    expect(reason).toBe('InvalidRule');
    expect(message).toMatch(/rule "greedy" takes more than 100000 steps on ConfigMap\/readiness-own\/many/);
    await lab.source.kubectl(['-n', NAMESPACE, 'delete', 'configmap', 'many']);
  });

  it('is recovered by its rule: what needs the database waits until that says it runs', async () => {
    await declare('shop', [byPhase]);
    await until('shop', 'protected', ({ phase }) => phase === 'Protected');
    const metadata = { name: 'shop', namespace: SCENARIOS };
    const spec = { scenario: 'shop', kind: 'Failover' };
    await apply(lab.objective, [
      { apiVersion: 'antipode.dev/v1alpha1', kind: 'DRExecution', metadata, spec },
    ]);

    const waiting = await waitFor(
      { what: 'the step of the database to wait for the rule', seconds: 120 },
      async () => {
        const text = await lab.objective.kubectl(['-n', SCENARIOS, 'get', 'drx', 'shop', '-o', 'json']);
        const steps = arrayAt(JSON.parse(text), 'status', 'steps');
        const step = steps.find((one) => textAt(one, 'id') === `restore/Database.${GROUP}/${NAMESPACE}/db`);
        const message = textAt(step, 'message') ?? '';
        return message.includes('not ready by rule "database-runs"') ? steps : undefined;
      },
    );
    const phaseOf = (steps: readonly unknown[], unit: string) =>
      textAt(
        steps.find((one) => textAt(one, 'id') === `restore/${unit}`),
        'phase',
      );
    expect(phaseOf(waiting, `Deployment.apps/${NAMESPACE}/web`)).toBe('Pending');

    // An edit of the scenario changes nothing about an execution that runs.
    await declare('shop', []);
    await says(lab.recovery, 'Running');
    const { status } = await untilExecuted(lab.objective, { namespace: SCENARIOS, scenario: 'shop' }, 180);
    expect(status.phase).toBe('Succeeded');
    expect(status.plan?.readiness).toEqual([byPhase]);
  });
});
