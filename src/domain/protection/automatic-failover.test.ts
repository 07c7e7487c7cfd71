import { describe, expect, it } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { instant } from '../time.ts';
import { decideFailover, executionName, type FailoverFacts } from './automatic-failover.ts';

const failedAt = instant(Date.parse('2026-03-01T12:00:00Z'));
const point = {
  name: 'p1',
  capturedAt: '2026-03-01T11:59:30Z',
  verifiedAt: '2026-03-01T11:59:31Z',
  digest: 'd',
};
const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '1m', rto: '10m' },
  resources: { namespaces: ['shop'] },
  failover: { mode: 'Automatic' },
});
const lost: FailoverFacts = {
  scenarioName: 'shop',
  spec,
  activeRegion: 'eu-west',
  source: { verdict: 'Failed', since: failedAt, message: '2 of 3 zones failed' },
  recovery: { verdict: 'Healthy', since: undefined, message: '' },
  points: [point],
  running: [],
  existing: new Map(),
  now: failedAt,
};

describe('automatic failover', () => {
  it('starts one execution, named after the failure', () => {
    expect(decideFailover(lost)).toMatchObject({ kind: 'start', name: executionName('shop', failedAt) });
  });

  it('does not start a second one for the same failure', () => {
    const existing = new Map([[executionName('shop', failedAt), {}]]);
    expect(decideFailover({ ...lost, existing })).toMatchObject({ kind: 'started', phase: 'Pending' });
  });

  it('does nothing in Manual mode', () => {
    const manual = { ...spec, failover: { ...spec.failover, mode: 'Manual' as const } };
    expect(decideFailover({ ...lost, spec: manual })).toEqual({ kind: 'manual' });
  });

  it.each(['Healthy', 'Degraded', 'Unreachable', 'Unknown'] as const)(
    'stays armed while the source is %s',
    (verdict) => {
      expect(decideFailover({ ...lost, source: { ...lost.source, verdict } })).toEqual({ kind: 'armed' });
    },
  );

  it('is denied when another region than the recovery region has the data of every point', () => {
    expect(decideFailover({ ...lost, points: [{ ...point, dataRegion: 'eu-south' }] })).toMatchObject({
      kind: 'denied',
      rule: 'NoVerifiedRecoveryPoint',
      message: expect.stringContaining('eu-south'),
    });
  });

  it('stays armed when the workload already runs in the recovery region', () => {
    expect(decideFailover({ ...lost, activeRegion: 'eu-north' })).toEqual({ kind: 'armed' });
  });

  it.each(['Failed', 'Unreachable', 'Unknown'] as const)(
    'is denied while the recovery region is %s',
    (verdict) => {
      const decision = decideFailover({ ...lost, recovery: { ...lost.recovery, verdict } });
      expect(decision).toMatchObject({ kind: 'denied', rule: 'RecoveryRegionUnhealthy' });
    },
  );

  it('is denied without a verified recovery point', () => {
    expect(decideFailover({ ...lost, points: [] })).toMatchObject({ rule: 'NoVerifiedRecoveryPoint' });
  });

  it('is denied when more would be lost than twice the RPO', () => {
    const old = { ...point, capturedAt: '2026-03-01T11:57:59Z' };
    expect(decideFailover({ ...lost, points: [old] })).toMatchObject({ kind: 'denied', rule: 'MaxDataLoss' });
  });

  it('is denied while another execution runs, and says which', () => {
    const decision = decideFailover({ ...lost, running: ['by-hand'] });
    expect(decision).toMatchObject({
      rule: 'OneExecutionAtATime',
      message: 'DRExecution by-hand is running on shop: wait for it to end',
    });
  });
});
