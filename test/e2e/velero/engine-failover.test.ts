/** The whole promise with real Velero: the operator protects a shop through it, the region is killed, and Velero brings it back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { type ExecutionSight, untilExecuted } from '../../../hack/harness/executions.ts';
import { OPERATOR_NAMESPACE } from '../../../hack/harness/install.ts';
import { deployShop, loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { apply as applyObjects } from '../engine/support.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  FAILED_FOR,
  installOn,
  untilScenario,
} from '../support/antipode.ts';
import {
  application,
  removeApplication,
  storeSpec,
  veleroNames,
  veleroWorld,
  type World,
} from './support.ts';

/** Unique, as an attached lab remembers earlier runs. */
const RUN = Date.now().toString(36);
const KEY = { namespace: `velero-dr-${RUN}`, scenario: 'shop' };
const BY_HAND = `by-hand-${RUN}`;

let lab: Lab;
let world: World;
let antipode: Antipode;
let shop: Shop;
let execution: ExecutionSight;
let imported: ExecutionSight;

beforeAll(async () => {
  lab = await getLab();
  shop = await loadShop(`velero-shop-${RUN}`);
  await deployShop(lab.source, shop);
  await applyObjects(lab.source, ...application(BY_HAND));
  world = await veleroWorld(lab);
  // Velero learns of new kinds when it starts, and every five minutes.
  await world.velero.source.stop();
  await world.velero.source.start();
  antipode = await installOn(lab, { regionValues: ['velero.enabled=true'] });
  const { s3, source } = world.velero;
  await source.cli(['backup', 'create', BY_HAND, '--include-namespaces', BY_HAND, '--wait']);
  const replication = { store: { s3: storeSpec(s3.endpoint) } };
  await apply(lab.objective, [
    aNamespace(KEY.namespace),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's3', namespace: OPERATOR_NAMESPACE },
      stringData: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    },
    aScenario(lab, {
      namespace: KEY.namespace,
      name: KEY.scenario,
      namespaces: shop.namespaces,
      spec: {
        objectives: { rpo: '2m', rto: '5m' },
        replication: { ...replication, engine: 'velero' },
        failover: { mode: 'Automatic' },
      },
    }),
    aScenario(lab, {
      namespace: KEY.namespace,
      name: 'by-hand',
      namespaces: [BY_HAND],
      spec: { replication },
    }),
  ]);
  for (const name of [KEY.scenario, 'by-hand'])
    await untilScenario(
      lab,
      antipode,
      { namespace: KEY.namespace, name },
      'Protected',
      ({ phase }) => phase === 'Protected',
      300,
    );
  await lab.source.kill();
  execution = await untilExecuted(lab.objective, KEY, FAILED_FOR + 600).catch(async (error: unknown) => {
    console.log(
      await lab.objective.kubectl(['-n', KEY.namespace, 'get', 'drs,drx', '-o', 'yaml']),
      (await antipode.log()).slice(-8000),
    );
    throw error;
  });
  await apply(lab.objective, [
    {
      apiVersion: 'antipode.dev/v1alpha1',
      kind: 'DRExecution',
      metadata: { name: 'from-velero', namespace: KEY.namespace },
      spec: { scenario: 'by-hand', kind: 'Failover', recoveryPoint: BY_HAND, reason: 'a test' },
    },
  ]);
  imported = await untilExecuted(lab.objective, { ...KEY, scenario: 'by-hand' }, 300);
}, ADD_ON_TIMEOUT_MS);

afterAll(async () => {
  await antipode?.remove();
  await lab?.source.start();
  if (lab === undefined) return;
  for (const cluster of [lab.source, lab.recovery]) {
    await removeApplication(cluster, BY_HAND);
    await cluster.kubectl([
      'delete',
      'namespace',
      ...(shop?.namespaces ?? []),
      '--ignore-not-found',
      '--wait=false',
    ]);
  }
});

describe('a shop that Velero protects', () => {
  it('is recovered within its objective', () => {
    expect(execution.status.message).toBeDefined();
    expect(execution.status.phase).toBe('Succeeded');
    expect(execution.status.report?.achievedRtoMillis).toBeLessThan(300_000);
    expect(execution.status.report?.achievedRpoMillis).toBeLessThan(135_000);
  });

  it('was brought back by Velero, object by object in the order of its dependencies', async () => {
    const steps = new Map((execution.status.steps ?? []).map((step) => [step.id, step]));
    let compared = 0;
    for (const step of steps.values())
      for (const need of step.needs ?? []) {
        compared += 1;
        const ready = Date.parse(steps.get(need)?.finishedAt ?? '');
        expect(ready, `${step.id} needs ${need}`).toBeLessThanOrEqual(Date.parse(step.startedAt ?? ''));
      }
    expect(compared).toBeGreaterThan(20);
    const [front] = shop.namespaces;
    const label = '-o=jsonpath={.metadata.labels.velero\\.io/restore-name}';
    const restore = await lab.recovery.kubectl(['-n', front, 'get', 'deployment/web', label]);
    expect(restore).toContain(execution.status.plan?.recoveryPoint);
    await lab.recovery.kubectl(['-n', front, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
  });

  it('leaves nothing of the restores behind', async () => {
    const point = execution.status.plan?.recoveryPoint ?? 'none';
    const { signal } = new AbortController();
    // Velero removes a Restore a moment after it was told to.
    await waitFor({ what: 'the restores to be removed', seconds: 120 }, async () => {
      const restores = await veleroNames(lab.recovery, 'restores');
      expect(restores.filter((name) => name.startsWith(point))).toEqual([]);
      expect(await world.store.list(`velero/backups/${point}-`, signal)).toEqual([]);
      return true;
    });
  });

  it('says plainly that the data in volumes was not restored', () => {
    expect(execution.status.report?.warnings.join('\n')).toContain(
      `PersistentVolumeClaim/${shop.namespaces[1]}/data-db-0`,
    );
  });

  it('moves to the recovery region', async () => {
    const key = { namespace: KEY.namespace, name: KEY.scenario };
    const status = await untilScenario(
      lab,
      antipode,
      key,
      'FailedOver',
      ({ phase }) => phase === 'FailedOver',
    );
    expect(conditionIn(status, 'Protected')).toMatchObject({ status: 'False', reason: 'FailedOver' });
  });
});

describe('a DRExecution that names a backup made by hand', () => {
  it('restores it, dated by Velero', async () => {
    expect(imported.status.message).toBeDefined();
    expect(imported.status.phase).toBe('Succeeded');
    expect(imported.status.plan?.recoveryPoint).toBe(BY_HAND);
    const value = ['-n', BY_HAND, 'get', 'configmap/settings', '-o', 'jsonpath={.data.colour}'];
    expect(await lab.recovery.kubectl(value)).toBe('green');
  });
});
