import { expect, test } from 'vitest';
import { manifestOf } from '../execution/testing/manifest.ts';
import type { PointVolume } from './point.ts';
import { isDataElsewhere, pointData } from './point-data.ts';

const volume = (strategy: PointVolume['strategy']): PointVolume => ({
  claim: strategy,
  strategy,
  reason: '',
});
const of = (...strategies: readonly PointVolume['strategy'][]) =>
  pointData(manifestOf({ recoveryRegion: 'eu-north', volumes: strategies.map(volume) }));

test.each(['SnapshotHandle', 'VolSync'] as const)(
  'data copied by %s is with the recovery region',
  (strategy) => {
    expect(of(strategy, 'Exclude')).toEqual({ claimsWithData: 1, dataRegion: 'eu-north' });
  },
);

test('data that a mover keeps is in no region, as every one reads it', () => {
  expect(of('VeleroDataMover')).toEqual({ claimsWithData: 1 });
});

test('a point of objects only has none', () => {
  expect(of()).toEqual({ claimsWithData: 0 });
  expect(of('Exclude')).toEqual({ claimsWithData: 0 });
});

test('where the data is of a point of an earlier version is not known', () => {
  expect(pointData(manifestOf({ volumes: [volume('VolSync')] }))).toEqual({ claimsWithData: 1 });
});

test('data is elsewhere only when another region is known to have it', () => {
  expect(isDataElsewhere({ dataRegion: 'eu-north' }, 'eu-south')).toBe(true);
  expect(isDataElsewhere({ dataRegion: 'eu-north' }, 'eu-north')).toBe(false);
  expect(isDataElsewhere({}, 'eu-south')).toBe(false);
});
