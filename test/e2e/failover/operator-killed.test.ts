/** The operator is killed at every step of a failover, as `kill -9` does, and each time another goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExecutionSight, executionsOf } from '../../../hack/harness/executions.ts';
import { loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
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

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  shop = await loadShop('killed');
  const [front] = shop.namespaces;
  await apply(lab.source, shop.objects);
  await lab.source.kubectl([
    '-n',
    front,
    'wait',
    '--for=condition=Available',
    'deployment',
    '--all',
    '--timeout=60s',
  ]);
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

afterAll(() => antipode?.remove());

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
    const seen = new Map<string, string | undefined>();
    const ended = await waitFor({ what: 'the execution to end', seconds: 420, every: 50 }, async () => {
      const execution = await look();
      const running = stepsOf(execution).filter(({ id, phase }) => phase === 'Running' && !killedAt.has(id));
      for (const { id, finishedAt } of stepsOf(execution)) {
        // A step that has ended is never done again.
        if (seen.get(id) !== undefined) expect(finishedAt, id).toBe(seen.get(id));
        seen.set(id, finishedAt);
      }
      if (running.length > 0) {
        for (const { id } of running) killedAt.add(id);
        await antipode.killAndRestart();
      }
      return execution?.status.phase === 'Succeeded' || execution?.status.phase === 'Failed'
        ? execution
        : undefined;
    });
    expect(ended.status.message).toBeDefined();
    expect(ended.status.phase).toBe('Succeeded');
    expect(stepsOf(ended).every(({ phase }) => phase === 'Succeeded')).toBe(true);
    expect([...killedAt]).toEqual(expect.arrayContaining(['prepare', `dns/${HOSTNAME}`]));
    const restores = stepsOf(ended).filter(({ kind }) => kind === 'Restore');
    const killedRestores = restores.filter(({ id }) => killedAt.has(id));
    expect(killedRestores.length / restores.length).toBeGreaterThan(0.8);
    await expectAppliedOnce();
  });
});

const stepsOf = (execution: ExecutionSight | undefined) => execution?.status.steps ?? [];
const look = async () => (await executionsOf(lab.objective, KEY)).find(({ name }) => name === 'by-hand');

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
