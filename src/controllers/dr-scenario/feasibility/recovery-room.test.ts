import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { KubeError } from '../../../kube/errors.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { openPoint } from '../../dr-execution/testing/world.ts';
import { recoveryRoom } from './recovery-room.ts';

const web = aWorkload('Deployment', 'shop/web', {}, { replicas: 20 });
const WEB = 'Deployment.apps/shop/web';
const quota = anObject('ResourceQuota', 'shop/small', {
  status: { hard: { pods: '5' }, used: { pods: '0' } },
});
const node = anObject('Node', 'n1', {
  status: { allocatable: { pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] },
});

/** What is found of a point with the Deployment alone, in a cluster that has a node and the quota. */
function room({ isNew, mayListPods = true }: { readonly isNew: boolean; readonly mayListPods?: boolean }) {
  const { manifest, digest } = openPoint();
  const objects = [{ key: WEB, apiVersion: 'apps/v1', resourceVersion: '1', digest: 'd', bytes: 1 }];
  const point = { manifest: { ...manifest, objects }, digest, object: () => web };
  const lists: Readonly<Record<string, readonly KubeObject[]>> = { Node: [node], ResourceQuota: [quota] };
  const cluster = partialCluster('eu-north', {
    typeFor: async ({ kind }) => ({
      group: '',
      version: 'v1',
      resource: `${kind.toLowerCase()}s`,
      kind,
      namespaced: true,
      verbs: ['list'],
    }),
    list: async ({ kind }) => {
      if (kind === 'Pod' && !mayListPods)
        throw new KubeError('Forbidden', 'you may not list pods', { cluster: 'eu-north' });
      return { items: lists[kind] ?? [], resourceVersion: '1' };
    },
  });
  const rehearsal = {
    done: 1,
    total: 1,
    accepted: 1,
    notRehearsed: new Map(),
    findings: [],
    added: isNew ? [{ key: WEB, resource: 'deployments' }] : [],
  };
  return recoveryRoom(point, rehearsal, cluster, new AbortController().signal);
}

test.each([
  ['new', true],
  ['there already, without pods, as in a standby', false],
])('a quota without room for the pods of a workload that is %s is found', async (_, isNew) => {
  const { findings } = await room({ isNew });

  expect(findings.map(({ object, message }) => [object, message])).toEqual([
    ['ResourceQuota/shop/small', expect.stringContaining('the recovery brings 20 more')],
  ]);
});

test('when pods may not be read that is said, and of workloads that are there nothing is concluded', async () => {
  const there = await room({ isNew: false, mayListPods: false });
  const added = await room({ isNew: true, mayListPods: false });

  expect(there).toEqual({ findings: [], unchecked: ['you may not list pods'] });
  expect(added.findings).toHaveLength(1);
});
