import { expect, test } from 'vitest';
import { claimOperations } from './operations.ts';

const operation = (Resource: string, Name: string, status: object) => ({
  spec: { resourceIdentifier: { Group: '', Resource, Namespace: 'shop', Name } },
  status,
});

test('of each claim it is known whether its data was moved, and what is said when it was not', () => {
  const file = [
    operation('persistentvolumeclaims', 'good', { phase: 'Completed' }),
    operation('persistentvolumeclaims', 'bad', { phase: 'Failed', error: 'the bucket is full' }),
    operation('persistentvolumeclaims', 'slow', { phase: 'InProgress' }),
    operation('volumesnapshots', 'other', { phase: 'Failed' }),
  ];

  expect(claimOperations(file)).toEqual([
    { claim: 'PersistentVolumeClaim/shop/good', isCompleted: true, error: undefined },
    { claim: 'PersistentVolumeClaim/shop/bad', isCompleted: false, error: 'the bucket is full' },
    { claim: 'PersistentVolumeClaim/shop/slow', isCompleted: false, error: undefined },
  ]);
});

test.each([undefined, null, {}, [null, 'x', {}]])('a file of another shape tells of nothing: %o', (file) => {
  expect(claimOperations(file)).toEqual([]);
});
