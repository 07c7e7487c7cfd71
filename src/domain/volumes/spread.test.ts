import { expect, test } from 'vitest';
import type { PointVolume } from '../protection/point.ts';
import { spreadWarnings } from './spread.ts';

const volume = (name: string, instant?: string): PointVolume => ({
  claim: `PersistentVolumeClaim/shop/${name}`,
  strategy: instant === undefined ? 'Exclude' : 'SnapshotHandle',
  reason: '',
  ...(instant === undefined ? {} : { instant }),
});

const DB = 'StatefulSet.apps/shop/db';
const own = {
  units: [{ id: DB, objects: [DB, 'PersistentVolumeClaim/shop/log', 'PersistentVolumeClaim/shop/table'] }],
  edges: [],
};

test('orchestrators case 11: claims of one unit at different instants are told with how far they are apart', () => {
  const volumes = [volume('log', '2026-11-23T12:00:00.100Z'), volume('table', '2026-11-23T12:00:00.350Z')];

  expect(spreadWarnings(volumes, own)).toEqual([
    `the claims of ${DB} were captured 250 ms apart (log, table): what it writes to several of them may not fit together`,
  ]);
});

test('claims of one instant, a single claim, and claims without data are no matter', () => {
  const at = '2026-11-23T12:00:00.100Z';

  expect(spreadWarnings([volume('log', at), volume('table', at)], own)).toEqual([]);
  expect(spreadWarnings([volume('log', at)], own)).toEqual([]);
  expect(spreadWarnings([volume('log', at), volume('table')], own)).toEqual([]);
});

test('a claim that several units share counts for each that uses it', () => {
  const shared = 'PersistentVolumeClaim/shop/table';
  const units = [
    { id: shared, objects: [shared] },
    { id: DB, objects: [DB, 'PersistentVolumeClaim/shop/log'] },
    { id: 'Deployment.apps/shop/web', objects: ['Deployment.apps/shop/web'] },
  ];
  const edges = [
    { from: DB, to: shared, because: [] },
    { from: 'Deployment.apps/shop/web', to: shared, because: [] },
  ];
  const volumes = [volume('log', '2026-11-23T12:00:01Z'), volume('table', '2026-11-23T12:00:00Z')];

  expect(spreadWarnings(volumes, { units, edges })).toEqual([
    expect.stringContaining(`${DB} were captured 1000 ms`),
  ]);
});
