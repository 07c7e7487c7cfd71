import { expect, test } from 'vitest';
import type { PointVolume } from '../../../domain/protection/point.ts';
import { groupOf } from './import.ts';

const volume = (name: string, groupHandle?: string): PointVolume => ({
  claim: `PersistentVolumeClaim/shop/${name}`,
  strategy: 'SnapshotHandle',
  reason: 'read by their handle',
  snapshot: {
    driver: 'csi.example.com',
    handle: `snap-${name}`,
    name: `shop/${name}`,
    ...(groupHandle === undefined ? {} : { groupHandle }),
  },
});

test('a snapshot is imported with all that were cut with it, and with no others', () => {
  const volumes = [volume('log', 'g1'), volume('table', 'g1'), volume('queue', 'g2'), volume('cache')];

  const groups = volumes.map((one) => groupOf(one, volumes));

  const first = { handle: 'g1', members: ['snap-log', 'snap-table'] };
  expect(groups).toEqual([first, first, { handle: 'g2', members: ['snap-queue'] }, undefined]);
});
