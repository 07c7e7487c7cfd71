/** Wishes that cannot be met are said before they hurt: with object, cause and remedy, against real API servers. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import { arrayAt, at, numberAt } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  installOn,
  type SeenCondition,
  untilScenario,
} from '../support/antipode.ts';
import { denyConfigMaps } from './webhook.ts';

const NAMESPACE = 'feasibility-dr';
let lab: Lab;
let antipode: Antipode;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  await apply(lab.objective, [aNamespace(NAMESPACE)]);
}, 120_000);

afterAll(() => antipode?.remove());

const aConfigMap = (namespace: string, name: string): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { a: 'b' },
});

const aDeployment = (namespace: string, name: string, cpu: string): Fields => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu } } }],
      },
    },
  },
});

const declare = (name: string, spec: Fields = {}) =>
  apply(lab.objective, [aScenario(lab, { namespace: NAMESPACE, name, namespaces: [name], spec })]);

const untilFeasible = (name: string, what: string, accept: (condition: SeenCondition) => boolean) =>
  untilScenario(lab, antipode, { namespace: NAMESPACE, name }, `Feasible ${what}`, (seen) => {
    const condition = conditionIn(seen, 'Feasible');
    return condition !== undefined && accept(condition);
  });
const untilReason = (name: string, reason: string) =>
  untilFeasible(name, reason, (condition) => condition.reason === reason);
const findingsOf = (status: Fields): readonly unknown[] => arrayAt(status, 'feasibility', 'findings');

describe('a scenario is', () => {
  it('feasible when nothing stands in the way; what cannot be rehearsed yet is counted, not called good', async () => {
    const name = 'feasible';
    await apply(lab.source, [
      aNamespace(name),
      aConfigMap(name, 'settings'),
      aDeployment(name, 'web', '10m'),
    ]);
    await declare(name);

    const status = await untilReason(name, 'Feasible');

    const message = conditionIn(status, 'Feasible')?.message;
    expect(message).toContain('not rehearsed: namespace does not exist yet');
    expect(message).toContain('predicted RTO');
    expect(numberAt(status, 'feasibility', 'notRehearsed')).toBeGreaterThanOrEqual(2);
    expect(findingsOf(status)).toEqual([]);
    expect(at(status, 'rto', 'basis')).toBe('prior');
    expect(numberAt(status, 'rto', 'predictedP95Millis')).toBeGreaterThan(
      numberAt(status, 'rto', 'predictedP50Millis') ?? Number.NaN,
    );
    // Asking wrote nothing.
    await expect(lab.recovery.kubectl(['get', 'namespace', name])).rejects.toThrow('NotFound');
  });

  it('not feasible into a full quota, and is once there is room', async () => {
    const name = 'tight-quota';
    const quota = (count: string): Fields => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'tight', namespace: name },
      spec: { hard: { configmaps: count } },
    });
    // kube-root-ca.crt is the one ConfigMap that fits.
    await apply(lab.recovery, [aNamespace(name), quota('1')]);
    const isCounted = '--for=jsonpath={.status.used.configmaps}=1';
    await lab.recovery.kubectl(['-n', name, 'wait', 'resourcequota/tight', isCounted, '--timeout=30s']);
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryRefuses');

    expect(findingsOf(status)).toContainEqual({
      object: `ConfigMap/${name}/settings`,
      reason: 'RecoveryRefuses',
      message: expect.stringContaining('exceeded quota: tight'),
      remedy: expect.stringContaining('raise or remove the ResourceQuota'),
    });
    await expect(lab.recovery.kubectl(['-n', name, 'get', 'configmap', 'settings'])).rejects.toThrow(
      'NotFound',
    );

    // A changed spec is reason enough to ask again at once.
    await apply(lab.recovery, [quota('5')]);
    await declare(name, { objectives: { rpo: '21s', rto: '2m' } });
    await untilReason(name, 'Feasible');
  });

  it('not feasible when objects fit into a quota one by one, and not together', async () => {
    const name = 'narrow-quota';
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'narrow', namespace: name },
      spec: { hard: { configmaps: '2' } },
    };
    await apply(lab.recovery, [aNamespace(name), quota]);
    const isCounted = '--for=jsonpath={.status.used.configmaps}=1';
    await lab.recovery.kubectl(['-n', name, 'wait', 'resourcequota/narrow', isCounted, '--timeout=30s']);
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'one'), aConfigMap(name, 'two')]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryTooSmall');

    expect(findingsOf(status)).toContainEqual({
      object: `ResourceQuota/${name}/narrow`,
      reason: 'RecoveryTooSmall',
      message: expect.stringContaining('leaves 1 of configmaps'),
      remedy: expect.stringContaining('raise'),
    });
  });

  it('not feasible without the StorageClass of a claim, also before its namespace exists', async () => {
    const name = 'no-class';
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'made-nowhere',
        resources: { requests: { storage: '1Mi' } },
      },
    };
    await apply(lab.source, [aNamespace(name), claim]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryRefuses');

    expect(findingsOf(status)).toContainEqual({
      object: `PersistentVolumeClaim/${name}/data`,
      reason: 'RecoveryRefuses',
      message: expect.stringContaining('StorageClass made-nowhere, which eu-north does not have'),
      remedy: expect.stringContaining('create a StorageClass made-nowhere'),
    });
  });

  it('not feasible when no node of the recovery region is large enough', async () => {
    const name = 'no-room';
    await apply(lab.source, [aNamespace(name), aDeployment(name, 'giant', '400')]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryTooSmall');

    expect(findingsOf(status)).toContainEqual({
      object: `Deployment.apps/${name}/giant`,
      reason: 'RecoveryTooSmall',
      message: expect.stringMatching(/2 of 2 pods \(each 400 cpu, .*the largest has 16 cpu/),
      remedy: expect.stringContaining('larger nodes'),
    });
  });

  it('not feasible when a webhook denies an object, and the webhook is asked by dry-run only', async () => {
    const name = 'denied';
    await apply(lab.recovery, [aNamespace(name)]);
    const webhook = await denyConfigMaps(lab.recovery, name, 'no settings on a Friday');
    onTestFinished(() => webhook.remove());
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryRefuses');

    expect(findingsOf(status)).toContainEqual({
      object: `ConfigMap/${name}/settings`,
      reason: 'RecoveryRefuses',
      message: expect.stringContaining('no settings on a Friday'),
      remedy: expect.stringContaining('adapt or remove it'),
    });
    const own = webhook.asked.filter((asked) => asked.startsWith('ConfigMap/settings'));
    expect(own).not.toEqual([]);
    expect(own.filter((asked) => !asked.endsWith(' dry-run'))).toEqual([]);
  });

  it('not feasible where PodSecurity refuses its pods, though not what makes them', async () => {
    const name = 'restricted';
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await apply(lab.recovery, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
    await apply(lab.source, [aNamespace(name), aDeployment(name, 'web', '10m')]);
    await declare(name);

    const status = await untilReason(name, 'RecoveryRefuses');

    expect(findingsOf(status)).toContainEqual(
      expect.objectContaining({
        object: `Deployment.apps/${name}/web`,
        message: expect.stringContaining('PodSecurity'),
      }),
    );
  });

  it('not feasible with an RPO shorter than its captures, and is told which would hold', async () => {
    const name = 'hasty';
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await declare(name, { objectives: { rpo: '1s', rto: '2m' } });

    const status = await untilReason(name, 'RPOTooShort');

    expect(conditionIn(status, 'Feasible')?.message).toMatch(
      /an RPO of 1s is shorter than .*allow \d+s or more/,
    );
    // Saying so is not refusing: it is captured as often as can be.
    expect(conditionIn(status, 'Replicated')?.status).toBe('True');
  });

  it('of unknown feasibility while the recovery region cannot be reached, and goes on being captured', async () => {
    const name = 'cut-off';
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await lab.recovery.link.cut();
    onTestFinished(() => lab.recovery.link.heal());
    await declare(name);

    const status = await untilFeasible(
      name,
      'Unknown',
      ({ status: value, message }) => value === 'Unknown' && message.includes('eu-north'),
    );

    expect(conditionIn(status, 'Feasible')?.reason).toBe('NotRehearsed');
    expect(conditionIn(status, 'Replicated')?.status).toBe('True');
  });
});
