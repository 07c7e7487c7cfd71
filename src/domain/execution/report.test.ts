import { describe, expect, test } from 'vitest';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { fromRfc3339, instant } from '../time.ts';
import { type ExecutionPlan, reportOf } from './report.ts';
import { manifestOf } from './testing/manifest.ts';

const plan: ExecutionPlan = {
  scenarioUid: 'uid-1',
  sourceRegion: 'eu-west',
  recoveryRegion: 'eu-north',
  recoveryPoint: 'point-1',
  pointDigest: 'sha256:00',
  pointCapturedAt: '2026-01-01T00:00:00Z',
  storePath: '/points',
  verdictAt: '2026-01-01T00:00:41Z',
  sourceVerdict: 'Failed',
  stepTimeout: '5m',
  dnsTimeout: '2m',
};
const moment = (text: string) => fromRfc3339(text) ?? instant(0);
const step = (id: string, kind: StepStatus['kind'], finishedAt: string, objects = 0): StepStatus => ({
  id,
  kind,
  phase: 'Succeeded',
  finishedAt,
  objects,
});
const steps = [
  step('restore/web', 'Restore', '2026-01-01T00:00:50Z', 3),
  step('restore/db', 'Restore', '2026-01-01T00:00:48Z', 4),
  step('dns/shop.test', 'DNS', '2026-01-01T00:00:53Z'),
  step('report', 'Report', '2026-01-01T00:00:59Z'),
];
const facts = {
  plan,
  manifest: manifestOf(),
  steps,
  startedAt: moment('2026-01-01T00:00:45Z'),
  now: moment('2026-01-01T00:01:00Z'),
};

describe('reportOf', () => {
  test('counts loss and time from the verdict, to the last name that answers', () => {
    expect(reportOf(facts)).toMatchObject({
      achievedRpoMillis: 41_000,
      achievedRtoMillis: 12_000,
      lost: '41s',
      took: '12s',
      objectsRestored: 7,
    });
  });

  test('counts the loss from when the source was last found to be the same as the point', () => {
    const confirmed = { ...plan, pointConfirmedAt: '2026-01-01T00:00:30Z' };
    expect(reportOf({ ...facts, plan: confirmed })).toMatchObject({ achievedRpoMillis: 11_000, lost: '11s' });
  });

  test('counts from its own start when the source was not judged failed', () => {
    const { verdictAt: _, ...byHand } = plan;
    expect(reportOf({ ...facts, plan: byHand })).toMatchObject({
      achievedRpoMillis: 45_000,
      achievedRtoMillis: 8000,
    });
  });

  test('never reports a negative loss or time', () => {
    const later = { ...plan, pointCapturedAt: '2026-01-01T00:00:50Z', verdictAt: '2026-01-01T01:00:00Z' };
    const earlier = { ...later, lostAt: '2026-01-01T00:00:45Z' };
    expect(reportOf({ ...facts, plan: earlier })).toMatchObject({
      achievedRpoMillis: 0,
      achievedRtoMillis: 0,
    });
  });

  test('does not say how much was lost when a clock has dated the point ahead', () => {
    const { achievedRpoMillis, lost, warnings } = reportOf({
      ...facts,
      plan: { ...plan, pointCapturedAt: '2026-01-01T00:30:00Z' },
    });
    expect([achievedRpoMillis, lost]).toEqual([undefined, 'an unknown time']);
    expect(warnings[0]).toContain('How much was lost is NOT known: the instant of recovery point point-1');
  });

  test('says that two regions may be active when the source still served', () => {
    const [warning] = reportOf({ ...facts, plan: { ...plan, sourceVerdict: 'Healthy' } }).warnings;
    expect(warning).toContain('eu-west was still Healthy and has NOT been fenced');
    expect(warning).toContain('active in eu-west and eu-north at once');
  });

  test('names claims that were restored empty and objects that were left out unexpectedly', () => {
    const manifest = manifestOf({
      volumesWithoutData: ['PersistentVolumeClaim/shop/data-db-0'],
      leftOut: [
        { key: 'Job.batch/shop/migrate', reason: 'Completed' },
        { key: 'Pod/shop/web-1', reason: 'GeneratedByController' },
      ],
    });
    const warnings = reportOf({ ...facts, manifest }).warnings.join('\n');
    expect(warnings).toContain('NOT restored; empty now: PersistentVolumeClaim/shop/data-db-0');
    expect(warnings).toContain('Job.batch/shop/migrate');
    expect(warnings).not.toContain('web-1');
  });

  test('tells what is there and not as it was', () => {
    const notes = ['Service/shop/web: its node port is 31000 and no longer 30080'];
    const { warnings } = reportOf({
      ...facts,
      steps: [{ ...step('restore/web', 'Restore', '2026-01-01T00:00:50Z', 3), notes }, ...steps.slice(1)],
    });
    expect(warnings.join()).toContain('its node port is 31000 and no longer 30080');
  });

  test('says when it could not find out what the point did not hold', () => {
    expect(reportOf({ ...facts, manifest: undefined }).warnings.at(-1)).toContain('could not be read again');
  });
});
