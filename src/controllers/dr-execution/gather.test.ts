import { expect, it } from 'vitest';
import { partialCluster } from '../../testing/region.ts';
import { gather } from './gather.ts';

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
