import { describe, expect, it } from 'vitest';
import type { DRExecutionStatus, StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { millis, seconds } from '../time.ts';
import { measuredDurations, REMEMBERED } from './durations.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

const restore = (unit: string, times: readonly [number, number | undefined, number]): StepStatus => ({
  id: `restore/${unit}`,
  kind: 'Restore',
  phase: 'Succeeded',
  startedAt: at(times[0]),
  ...(times[1] === undefined ? {} : { appliedAt: at(times[1]) }),
  finishedAt: at(times[2]),
});

const execution = (
  startedAt: string,
  steps: readonly StepStatus[],
  recoveryRegion = 'eu-north',
): DRExecutionStatus => ({
  phase: 'Succeeded',
  startedAt,
  plan: {
    scenarioUid: 'u',
    sourceRegion: 'eu-west',
    recoveryRegion,
    recoveryPoint: 'p',
    pointDigest: 'd',
    pointCapturedAt: at(0),
    storePath: '/points',
    stepTimeout: '5m',
    dnsTimeout: '2m',
  },
  steps: [...steps],
});

const web = 'Deployment.apps/shop/web';

describe('measured durations', () => {
  it('tell applying from becoming ready', () => {
    const { units } = measuredDurations([execution(at(0), [restore(web, [10, 12, 40])])], 'eu-north');

    expect(units.get(web)).toEqual({ apply: [seconds(2)], ready: [seconds(28)] });
  });

  it('count all as applying when the unit was ready at once', () => {
    const { units } = measuredDurations([execution(at(0), [restore(web, [10, undefined, 11])])], 'eu-north');

    expect(units.get(web)).toEqual({ apply: [seconds(1)], ready: [millis(0)] });
  });

  it('are listed newest first, whatever the order of the executions', () => {
    const old = execution(at(0), [restore(web, [0, 1, 2])]);
    const recent = execution(at(500), [restore(web, [500, 505, 506])]);

    expect(measuredDurations([old, recent], 'eu-north').units.get(web)?.apply).toEqual([5000, 1000]);
    expect(measuredDurations([recent, old], 'eu-north').units.get(web)?.apply).toEqual([5000, 1000]);
  });

  it('keep the newest twenty of each unit', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      execution(at(index * 100), [restore(web, [0, index, index])]),
    );

    const samples = measuredDurations(many, 'eu-north').units.get(web)?.apply ?? [];
    expect(samples).toHaveLength(REMEMBERED);
    expect(samples[0]).toBe(seconds(29));
  });

  it('cover preparing and each name', () => {
    const steps: readonly StepStatus[] = [
      { id: 'prepare', kind: 'Prepare', phase: 'Succeeded', startedAt: at(0), finishedAt: at(3) },
      { id: 'dns/shop.example.com', kind: 'DNS', phase: 'Succeeded', startedAt: at(9), finishedAt: at(49) },
    ];

    const { prepare, dns } = measuredDurations([execution(at(0), steps)], 'eu-north');
    expect(prepare).toEqual([seconds(3)]);
    expect(dns.get('shop.example.com')).toEqual([seconds(40)]);
  });

  it('leave out failed steps, impossible times and other recovery regions', () => {
    const failed = { ...restore(web, [0, 1, 300]), phase: 'Failed' as const };
    const backwards = restore(web, [10, 5, 20]);
    const unreadable = { ...restore(web, [0, 1, 2]), startedAt: 'yesterday' };
    const elsewhere = execution(at(0), [restore(web, [0, 1, 2])], 'us-east');

    const { units } = measuredDurations(
      [execution(at(0), [failed, backwards, unreadable]), elsewhere],
      'eu-north',
    );
    expect(units.get(web)).toBeUndefined();
  });
});
