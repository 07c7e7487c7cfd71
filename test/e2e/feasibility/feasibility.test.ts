/** Wishes that cannot be met are said before they hurt: with object, cause and remedy, against real API servers. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { at, numberAt } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import { type Antipode, aNamespace, apply, conditionIn, installOn } from '../support/antipode.ts';
import { changeQuota, namespaceWithQuota } from '../support/quota.ts';
import { aConfigMap, aDeployment, findingsOf, type Wishes, wishesOf } from './support.ts';
import { denyConfigMaps } from './webhook.ts';

const NAMESPACE = 'feasibility-dr';
let lab: Lab;
let antipode: Antipode;
let wishes: Wishes;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  wishes = wishesOf(lab, antipode, NAMESPACE);
  await apply(lab.objective, [aNamespace(NAMESPACE)]);
});

afterAll(() => antipode?.remove());

describe('a scenario is', () => {
  it('feasible when nothing stands in the way; what cannot be rehearsed yet is counted, not called good', async () => {
    const name = 'feasible';
    await apply(lab.source, [
      aNamespace(name),
      aConfigMap(name, 'settings'),
      aDeployment(name, 'web', '10m'),
    ]);
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'Feasible');

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
    const quota = { namespace: name, name: 'tight', resource: 'configmaps' } as const;
    await namespaceWithQuota(lab.recovery, { ...quota, most: 1 });
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryRefuses');

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
    await changeQuota(lab.recovery, { ...quota, most: 5 });
    await wishes.declare(name, { objectives: { rpo: '21s', rto: '2m' } });
    await wishes.untilReason(name, 'Feasible');
  });

  it('not feasible when objects fit into a quota one by one, and not together', async () => {
    const name = 'narrow-quota';
    const quota = { namespace: name, name: 'narrow', resource: 'configmaps', most: 2 } as const;
    await namespaceWithQuota(lab.recovery, quota);
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'one'), aConfigMap(name, 'two')]);
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryTooSmall');

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
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryRefuses');

    expect(findingsOf(status)).toContainEqual({
      object: `PersistentVolumeClaim/${name}/data`,
      reason: 'RecoveryRefuses',
      message: expect.stringContaining('StorageClass made-nowhere, which eu-north does not have'),
      remedy: expect.stringContaining('create the StorageClass made-nowhere'),
    });
  });

  it('not feasible when no node of the recovery region is large enough', async () => {
    const name = 'no-room';
    await apply(lab.source, [aNamespace(name), aDeployment(name, 'giant', '400')]);
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryTooSmall');

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
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryRefuses');

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
    await wishes.declare(name);

    const status = await wishes.untilReason(name, 'RecoveryRefuses');

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
    await wishes.declare(name, { objectives: { rpo: '1s', rto: '2m' } });

    const status = await wishes.untilReason(name, 'RPOTooShort');

    expect(conditionIn(status, 'Feasible')?.message).toMatch(
      /an RPO of 1s is shorter than .*allow \d+s or more/,
    );
    // Saying so is not refusing: it is captured as often as can be.
    await wishes.untilCaptured(name, 'RPOTooShort');
  });

  it('of unknown feasibility while the recovery region cannot be reached, and goes on being captured', async () => {
    const name = 'cut-off';
    await apply(lab.source, [aNamespace(name), aConfigMap(name, 'settings')]);
    await lab.recovery.link.cut();
    onTestFinished(() => lab.recovery.link.heal());
    await wishes.declare(name);

    const status = await wishes.untilFeasible(
      name,
      'Unknown',
      ({ status: value, message }) => value === 'Unknown' && message.includes('eu-north'),
    );

    expect(conditionIn(status, 'Feasible')?.reason).toBe('NotRehearsed');
    await wishes.untilCaptured(name, 'NotRehearsed');
  });
});
