import { expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { veleroProblems } from './velero-problems.ts';

const problems = (replication: object) =>
  veleroProblems(
    drScenarioSpec.parse({
      source: { region: 'eu-west' },
      recovery: { region: 'eu-north' },
      objectives: { rpo: '5m', rto: '10m' },
      resources: { namespaces: ['shop'] },
      replication: { engine: 'velero', store: { s3: { bucket: 'points' } }, ...replication },
    }),
  );

const volumes = (strategy: string, ...claims: object[]) => ({ volumes: { strategy, claims } });
const moving = { velero: { snapshotMoveData: true } };

test.each([
  [volumes('VolSync'), /volumes\.strategy is VolSync.*engine to native/],
  [{ ...volumes('VolSync'), ...moving }, /volumes\.strategy is VolSync/],
  [volumes('VeleroDataMover'), /volumes\.strategy is VeleroDataMover.*velero\.snapshotMoveData to true/],
  [{ ...volumes('SnapshotHandle'), ...moving }, /volumes\.strategy is SnapshotHandle.*snapshotMoveData/],
  [
    volumes('Auto', { claim: 'shop/cache', strategy: 'Exclude' }),
    /volumes\.claims has shop\/cache with strategy Exclude.*spec\.resources\.exclude/,
  ],
  [{ schedule: { maxBandwidth: '20Mi' } }, /schedule\.maxBandwidth is 20Mi.*remove it/],
])('what Velero cannot do is refused with the field and the remedy: %j', (replication, message) => {
  expect(problems(replication)).toEqual([expect.stringMatching(message)]);
});

test.each([
  {},
  moving,
  volumes('Exclude'),
  volumes('SnapshotHandle', { claim: 'shop/data', strategy: 'SnapshotHandle' }),
  { ...volumes('VeleroDataMover'), ...moving },
  { volumes: { snapshotClass: 'fast' } },
])('what it can do is accepted: %j', (replication) => {
  expect(problems(replication)).toEqual([]);
});

test('all of it is told at once', () => {
  expect(problems({ ...volumes('VolSync'), schedule: { maxBandwidth: '20Mi' } })).toHaveLength(2);
});

test('the native engine does all of it', () => {
  const native = { engine: 'native', ...volumes('VolSync'), schedule: { maxBandwidth: '20Mi' } };

  expect(problems(native)).toEqual([]);
});
