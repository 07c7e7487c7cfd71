import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { regionVerdicts } from './verdicts.ts';

const region = (status?: object): KubeObject => ({
  apiVersion: 'antipode.dev/v1alpha1',
  kind: 'RegionHealth',
  metadata: { name: 'west' },
  ...(status === undefined ? {} : { status }),
});
const verdictOf = (object: KubeObject | undefined) => regionVerdicts({ get: () => object }).verdict('west');

test('a failed region tells since when', () => {
  const since = Date.parse('2027-01-15T08:00:00Z');
  expect(
    verdictOf(region({ verdict: 'Failed', verdictSince: '2027-01-15T08:00:00Z', message: 'all zones' })),
  ).toEqual({
    verdict: 'Failed',
    since,
    message: 'all zones',
    failedAt: since,
  });
});

test('a region that is not failed has no moment of failure', () => {
  const status = { verdict: 'Unreachable', verdictSince: '2027-01-15T08:00:00Z' };
  expect(verdictOf(region(status))).toMatchObject({ verdict: 'Unreachable', failedAt: undefined });
});

test('nothing is said of a region that is unknown, unobserved, or whose status is not ours', () => {
  expect(verdictOf(undefined)).toBeUndefined();
  expect(verdictOf(region())).toBeUndefined();
  expect(verdictOf(region({ verdict: 'Marvellous' }))).toBeUndefined();
});
