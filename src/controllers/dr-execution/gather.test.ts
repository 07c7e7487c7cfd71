import { expect, it } from 'vitest';
import { instant } from '../../domain/time.ts';
import { KubeError } from '../../kube/errors.ts';
import { partialCluster } from '../../testing/region.ts';
import { gather, gatherAdmission } from './gather.ts';
import { scenarioSpec, worldOf } from './testing/world.ts';

const key = { namespace: 'dr', name: 'fire' };
const signal = new AbortController().signal;
const withStatus = (status: object) =>
  partialCluster('objective', {
    get: async () => ({
      apiVersion: 'antipode.dev/v1alpha1',
      kind: 'DRExecution',
      metadata: key,
      spec: { scenario: 'shop', kind: 'Failover', recoveryPoint: '2026-11-23T13:05:59Z' },
      status,
    }),
  });

it('finds an execution invalid that an earlier version let in', async () => {
  expect(await gather(key, withStatus({}), signal)).toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('spec.recoveryPoint'),
  });
});

it('leaves the record of one that has ended as it is, whatever its spec would be called now', async () => {
  expect(await gather(key, withStatus({ phase: 'Refused' }), signal)).toEqual({ kind: 'ended' });
});

it('does not hold up an execution because what names are announced with cannot be read', async () => {
  const objective = partialCluster('objective', {
    get: async ({ kind }) =>
      kind === 'DRScenario'
        ? {
            apiVersion: 'antipode.dev/v1alpha1',
            kind,
            metadata: { name: 'shop', namespace: 'dr', uid: 'uid-1' },
            spec: scenarioSpec,
            status: { acceptedSpec: scenarioSpec },
          }
        : undefined,
    list: async ({ kind }) => {
      if (kind === 'Service')
        throw new KubeError('Forbidden', 'services are forbidden', { cluster: 'objective' });
      return { items: [], resourceVersion: '1' };
    },
  });

  const world = await gatherAdmission(worldOf([]).execution, objective, instant(0), signal);

  expect(world).toMatchObject({ names: [], facts: { scenario: { acceptedSpec: scenarioSpec } } });
});
