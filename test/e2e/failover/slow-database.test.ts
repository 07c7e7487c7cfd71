/** A database that is slow to become ready: what depends on it waits, whatever else there is does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilExecuted } from '../../../hack/harness/executions.ts';
import { deployShop, loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  installOn,
  untilScenario,
} from '../support/antipode.ts';

const KEY = { namespace: 'slow-dr', scenario: 'shop' };
/** The database asks for a node with this label; for now only the source has one. */
const DISK = 'test.example.com/disk';
let lab: Lab;
let antipode: Antipode;
let shop: Shop;

const label = (cluster: LabCluster, value: string) =>
  cluster.kubectl(['label', 'nodes', '--all', '--overwrite', value]);

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  shop = await loadShop('slow');
  await label(lab.source, `${DISK}=fast`);
  await deployShop(lab.source, shop);
  const [front, data] = shop.namespaces;
  const patch = { spec: { template: { spec: { nodeSelector: { [DISK]: 'fast' } } } } };
  await lab.source.kubectl(['-n', data, 'patch', 'statefulset', 'db', '-p', JSON.stringify(patch)]);
  await lab.source.kubectl(['-n', data, 'rollout', 'status', 'statefulset/db', '--timeout=180s']);
  const edges = [{ before: `StatefulSet/${data}/db`, after: `Deployment/${front}/orders` }];
  const scenario = aScenario(lab, {
    namespace: KEY.namespace,
    name: KEY.scenario,
    namespaces: shop.namespaces,
    spec: { dependencies: { edges } },
  });
  await apply(lab.objective, [aNamespace(KEY.namespace), scenario]);
  await untilScenario(
    lab,
    antipode,
    { ...KEY, name: KEY.scenario },
    'Protected',
    ({ phase }) => phase === 'Protected',
  );
}, 900_000);

afterAll(async () => {
  await label(lab.recovery, `${DISK}-`);
  await label(lab.source, `${DISK}-`);
  await antipode?.remove();
});

const namesIn = async (namespace: string): Promise<readonly string[]> =>
  (
    await lab.recovery.kubectl([
      '-n',
      namespace,
      'get',
      'deployments,statefulsets',
      '-o',
      'name',
      '--ignore-not-found',
    ])
  )
    .split('\n')
    .filter((name) => name !== '');

describe('a database that is slow to become ready', () => {
  it('holds up what depends on it and nothing else', async () => {
    const [front, data] = shop.namespaces;
    await apply(lab.objective, [
      {
        apiVersion: 'antipode.dev/v1alpha1',
        kind: 'DRExecution',
        metadata: { name: 'slow', namespace: KEY.namespace },
        spec: { scenario: KEY.scenario, kind: 'Failover' },
      },
    ]);
    // What does not need the database is recovered to its end while the database is still waited for.
    await waitFor(
      { what: 'the queue and redis to be ready, and the database to be there', seconds: 180 },
      async () => {
        if (!(await namesIn(data)).includes('statefulset.apps/db')) return undefined;
        await lab.recovery.kubectl(['-n', data, 'rollout', 'status', 'deployment/redis', '--timeout=1s']);
        return lab.recovery.kubectl(['-n', data, 'rollout', 'status', 'statefulset/queue', '--timeout=1s']);
      },
    );
    const early = await namesIn(front);
    // The shop's common ConfigMap names the database's host, so all five services wait for it, orders by name as well.
    expect(early).not.toContain('deployment.apps/orders');

    await label(lab.recovery, `${DISK}=fast`);
    const { status } = await untilExecuted(lab.objective, KEY, 180);
    expect(status.phase).toBe('Succeeded');
    const steps = new Map((status.steps ?? []).map((step) => [step.id, step]));
    const database = steps.get(`restore/StatefulSet.apps/${data}/db`);
    const orders = steps.get(`restore/Deployment.apps/${front}/orders`);
    expect(Date.parse(orders?.startedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(database?.finishedAt ?? ''),
    );
    expect(await namesIn(front)).toContain('deployment.apps/orders');
  });
});
