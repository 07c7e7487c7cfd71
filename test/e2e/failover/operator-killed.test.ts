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
  antipode = await installOn(lab);
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
});

afterAll(async () => {
  await objective?.close();
  await antipode?.remove();
});

describe('an operator that is killed at every step', () => {
  it('resumes each time, repeats no effect and reports the whole', { timeout: 900_000 }, async () => {
    const journals = await followJournals();
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
    const ended = await waitFor({ what: 'the execution to end', seconds: 840, every: 20 }, async () => {
      const published = journals.splice(0);
      const seen = published.flatMap(({ steps = [] }) => steps);
      for (const { id, finishedAt } of seen) {
        const before = finished.get(id);
        if (before !== undefined && before !== finishedAt) repeated.push(id);
        if (finishedAt !== undefined) finished.set(id, finishedAt);
      }
      const running = seen.filter((step) => step.phase === 'Running' && !killedAt.has(step.id));
      if (running.length > 0) {
        for (const { id } of running) killedAt.add(id);
        await antipode.killAndRestart();
      }
      const { phase, steps = [] } = published.at(-1) ?? {};
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

/**
 * Every journal that is published from now on, in order: a step lasts less than a look at it takes, and a test
 * that stands still for a moment is not to miss one.
 */
async function followJournals(): Promise<DRExecutionStatus[]> {
  const journals: DRExecutionStatus[] = [];
  const { namespace } = KEY;
  const onChange = ({ name }: { readonly name: string }): void => {
    journals.push(drExecutionStatus.parse(informer.get({ namespace, name })?.['status'] ?? {}));
  };
  // Ends when its cluster is closed.
  const { signal } = new AbortController();
  const informer = objective.informer(resourceOf(drExecutionKind), { namespace, onChange }, signal);
  await informer.synced(signal);
  return journals;
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
