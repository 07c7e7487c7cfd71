import { describe, expect, test } from 'vitest';
import { regionHealthSpec } from '../../api/v1alpha1/region-health.ts';
import { rulesOf } from './rules.ts';

const spec = regionHealthSpec.parse({ region: 'eu-west-1', clusterRef: { secretName: 'eu-west' } });

describe('reading the rules of a RegionHealth', () => {
  test('the defaults are: all zones, for a minute, recovered after five', () => {
    expect(rulesOf(spec)).toEqual({
      kind: 'rules',
      rules: {
        region: { zones: { kind: 'percent', percent: 100 }, minReadyPercent: 50, maxLatency: undefined },
        timing: { failFor: 60_000, recoverAfter: 300_000, maxGap: 21_000 },
        interval: 5_000,
        probePatience: 2_000,
        controlPlanePatience: 2_000,
      },
    });
  });

  test.each([
    ['500ms', '500ms', 500],
    ['500ms', '800ms', 800],
    ['1s', '500ms', 2000],
  ])(
    'looks every %s, with %s for a probe, give the control plane %i ms',
    (interval, probeTimeout, patience) => {
      const outcome = rulesOf({ ...spec, interval, probeTimeout });
      expect(outcome).toMatchObject({ rules: { controlPlanePatience: patience } });
    },
  );

  test('a probe is given thirty seconds at most, so that objects of before there was a limit are still observed', () => {
    expect(rulesOf({ ...spec, probeTimeout: '2h' })).toMatchObject({
      rules: { probePatience: 30_000, controlPlanePatience: 30_000, timing: { maxGap: 105_000 } },
    });
  });

  test('every field that cannot be used is named', () => {
    const failure = { ...spec.failure, for: 's', zones: 0, maxLatency: '0s' };
    const outcome = rulesOf({ ...spec, interval: '10ms', failure });
    expect(outcome).toEqual({
      kind: 'invalid',
      message:
        'spec.interval: must be at least 500 ms; spec.failure.for: "s" is not a duration such as 30s; ' +
        'spec.failure.maxLatency: must be at least 1 ms; ' +
        'spec.failure.zones: "0" is neither a number from 1 up nor a percentage from 1% to 100%',
    });
  });

  test.each(['101%', '0%', '-1', '1.5', 'two', ''])('a threshold of "%s" is refused', (zones) => {
    expect(rulesOf({ ...spec, failure: { ...spec.failure, zones } }).kind).toBe('invalid');
  });

  test.each([
    ['50%', { kind: 'percent', percent: 50 }],
    ['2', { kind: 'count', count: 2 }],
    [2, { kind: 'count', count: 2 }],
  ])('a threshold of %o is read', (zones, threshold) => {
    expect(rulesOf({ ...spec, failure: { ...spec.failure, zones } })).toMatchObject({
      rules: { region: { zones: threshold } },
    });
  });
});
