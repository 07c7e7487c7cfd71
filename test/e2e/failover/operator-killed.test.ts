/** The operator is killed at every step of a failover, as `kill -9` does, and each time another goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployShop, loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import {
  type DRExecutionStatus,
  drExecutionKind,
  drExecutionStatus,
} from '../../../src/api/v1alpha1/dr-execution.ts';
import { resourceOf } from '../../../src/controllers/resources.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { connect } from '../connect.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  installOn,
  untilScenario,
} from '../support/antipode.ts';

const KEY = { namespace: 'killed-dr', scenario: 'shop' };
const HOSTNAME = 'killed.dr.test';
let lab: Lab;
let antipode: Antipode;
let shop: Shop;
let objective: Cluster;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab, { shortLease: true });
  objective = await connect(lab.objective);
  shop = await loadShop('killed');
  const [front] = shop.namespaces;
  await deployShop(lab.source, shop);
  const service = { namespace: front, name: 'web' };
  const dns = {
    records: [{ hostname: HOSTNAME, source: { service }, recovery: { service } }],
    authoritativeServers: [lab.dns.server],
  };
  const scenario = aScenario(lab, {
    namespace: KEY.namespace,
    name: KEY.scenario,
    namespaces: shop.namespaces,
    spec: { dns },
  });
  await apply(lab.objective, [aNamespace(KEY.namespace), scenario]);
  await untilScenario(
    lab,
    antipode,
    { ...KEY, name: KEY.scenario },
    'Protected',
    ({ phase }) => phase === 'Protected',
  );
}, 180_000);

afterAll(async () => {
  await objective?.close();
  await antipode?.remove();
});

describe('an operator that is killed at every step', () => {
  it('resumes each time, repeats no effect and reports the whole', { timeout: 480_000 }, async () => {
    await apply(lab.objective, [
      {
        apiVersion: 'antipode.dev/v1alpha1',
        kind: 'DRExecution',
        metadata: { name: 'by-hand', namespace: KEY.namespace },
        spec: { scenario: KEY.scenario, kind: 'Failover', reason: 'the operator is killed at each step' },
      },
    ]);
    const killedAt = new Set<string>();
    const finished = new Map<string, string>();
    const repeated: string[] = [];
    const ended = await waitFor({ what: 'the execution to end', seconds: 420, every: 20 }, async () => {
      const { phase, steps = [] } = await look();
      for (const { id, finishedAt } of steps) {
        const before = finished.get(id);
        if (before !== undefined && before !== finishedAt) repeated.push(id);
        if (finishedAt !== undefined) finished.set(id, finishedAt);
      }
      const running = steps.filter((step) => step.phase === 'Running' && !killedAt.has(step.id));
      if (running.length > 0) {
        for (const { id } of running) killedAt.add(id);
        await antipode.killAndRestart();
      }
      return phase === 'Succeeded' || phase === 'Failed' ? { phase, steps } : undefined;
    });
    expect(ended.phase).toBe('Succeeded');
    expect(ended.steps.filter(({ phase }) => phase !== 'Succeeded')).toEqual([]);
    expect(repeated, 'steps that were done again after they had ended').toEqual([]);
    expect(
      ended.steps.map(({ id }) => id).filter((id) => !killedAt.has(id)),
      'steps at which it was not killed',
    ).toEqual([]);
    await expectAppliedOnce();
  });
});

/** The journal, read without delay: a step lasts less than kubectl takes to start. */
async function look(): Promise<DRExecutionStatus> {
  const key = { namespace: KEY.namespace, name: 'by-hand' };
  const object = await objective.get(resourceOf(drExecutionKind), key, AbortSignal.timeout(5_000));
  return drExecutionStatus.parse(object?.['status'] ?? {});
}

/** A workload that had been replaced or changed again would be of a later generation and have more than one ReplicaSet. */
async function expectAppliedOnce(): Promise<void> {
  for (const namespace of shop.namespaces) {
    const list: { items: KubeObject[] } = JSON.parse(
      await lab.recovery.kubectl([
        '-n',
        namespace,
        'get',
        'deployments,statefulsets,replicasets',
        '-o',
        'json',
      ]),
    );
    const sets = list.items.filter(({ kind }) => kind === 'ReplicaSet');
    const workloads = list.items.filter(({ kind }) => kind !== 'ReplicaSet');
    expect(sets.length).toBe(workloads.filter(({ kind }) => kind === 'Deployment').length);
    for (const { metadata } of workloads) expect(metadata.generation, metadata.name).toBe(1);
  }
}
